/**
 * What a checkpointer does, as OpenTelemetry spans. Subscribe once: every checkpointer of the process is seen. Needs the
 * packages @opentelemetry/api and @opentelemetry/sdk-trace-base.
 */
import { tracingChannel } from 'node:diagnostics_channel'
import { SpanKind, SpanStatusCode, type Span, type Tracer } from '@opentelemetry/api'
import { BasicTracerProvider, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { PgCheckpointer, type OperationContext } from 'langgraph-pg-checkpointer'

const OPERATIONS = ['put', 'putWrites', 'getTuple', 'list', 'getDeltaChannelHistory', 'deleteThread']

function observeCheckpointers(tracer: Tracer): void {
  for (const operation of OPERATIONS) {
    const spans = new WeakMap<object, Span>()
    tracingChannel<unknown, OperationContext>(`langgraph-pg-checkpointer:${operation}`).subscribe({
      start(context) {
        const { threadId, ns, checkpointId } = context.address
        const attributes = {
          'langgraph.thread': threadId,
          'langgraph.namespace': ns,
          'langgraph.checkpoint': checkpointId,
        }
        spans.set(context, tracer.startSpan(`checkpointer.${operation}`, { kind: SpanKind.CLIENT, attributes }))
      },
      error(context) {
        const { code, name } = context.error as { code?: string; name?: string }
        spans.get(context)?.setStatus({ code: SpanStatusCode.ERROR, message: code ?? name ?? 'error' })
      },
      asyncEnd(context) {
        const { statements, retries, bytesSent, bytesReceived, partsWritten, partsReused, checkpoints } = context
        const attributes = { statements, retries, bytesSent, bytesReceived, partsWritten, partsReused, checkpoints }
        spans.get(context)?.setAttributes(attributes).end()
      },
      end() {},
      asyncStart() {},
    })
  }
}

// In an application: the provider and exporter that it has anyway. Here, a line a span.
const print = ({ name, duration: [, nanoseconds], attributes }: ReadableSpan) =>
  console.log(
    name.padEnd(24),
    `${(nanoseconds / 1e6).toFixed(1)} ms`.padStart(8),
    attributes['bytesSent'],
    'bytes sent',
  )
const exporter = { export: (spans: ReadableSpan[]) => spans.forEach(print), shutdown: async () => {} }
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
observeCheckpointers(provider.getTracer('langgraph-pg-checkpointer'))

const checkpointer = new PgCheckpointer({ connection: process.env.DATABASE_URL ?? '' })
const app = new StateGraph(MessagesAnnotation)
  .addNode('model', ({ messages }) => ({ messages: [{ role: 'assistant', content: `${messages.length} so far` }] }))
  .addEdge(START, 'model')
  .compile({ checkpointer })
await app.invoke({ messages: ['Hello.'] }, { configurable: { thread_id: 'ada' } })
await checkpointer.end()
