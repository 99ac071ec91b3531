/** What is measured: a small agent, compiled by LangGraph, whose model and tool say what a script tells them. */
import { AIMessage, HumanMessage, ToolMessage, type BaseMessage } from '@langchain/core/messages'
import {
  END,
  MemorySaver,
  MessagesAnnotation,
  MessagesDeltaValue,
  START,
  StateGraph,
  StateSchema,
  type BaseCheckpointSaver,
  type CheckpointTuple,
} from '@langchain/langgraph'
import { prose } from './text.ts'

/** The text of every message: ASCII, so that this is bytes too. */
export const MESSAGE_CHARS = 2048
/** A turn: somebody asks, the model calls a tool, the tool answers, the model answers. */
export const MESSAGES_PER_TURN = 4

/** By the length of the messages. */
const texts = new Map<number, string[]>()

/** Message i of the one conversation that there is, in messages of any length; a new object each time. */
export function messageAt(i: number, chars: number = MESSAGE_CHARS): BaseMessage {
  let ofLength = texts.get(chars)
  if (ofLength === undefined) texts.set(chars, (ofLength = []))
  const content = (ofLength[i] ??= prose(i, chars))
  const id = `message-${String(i).padStart(6, '0')}`
  switch (i % MESSAGES_PER_TURN) {
    case 0:
      return new HumanMessage({ id, content })
    case 1:
      return new AIMessage({
        id,
        content,
        tool_calls: [{ id: callId(i), name: 'search', args: { query: content.slice(0, 40) }, type: 'tool_call' }],
        ...modelDetails(i),
      })
    case 2:
      return new ToolMessage({ id, content, name: 'search', tool_call_id: callId(i - 1) })
    default:
      return new AIMessage({ id, content, ...modelDetails(i) })
  }
}

/** The first messages of the conversation. */
export function messagesTo(count: number, chars: number = MESSAGE_CHARS): BaseMessage[] {
  return Array.from({ length: count }, (_, i) => messageAt(i, chars))
}

/** A message that is not in the conversation, another one for each number. */
export function messageBeside(i: number, chars: number = MESSAGE_CHARS): BaseMessage {
  return new AIMessage({ id: `beside-${i}`, content: prose(1_000_000 + i, chars), ...modelDetails(i) })
}

/** When LangGraph waits for what it has put: at the end of a run, or after each step. */
export type Durability = 'async' | 'sync'

/** What the agent's loop changes in a step that adds this message: three channels. */
export function stepWith(messages: readonly unknown[]): Record<string, unknown> {
  return { messages, 'branch:to:model': null, 'branch:to:tools': null }
}

interface State {
  readonly messages: readonly BaseMessage[]
}

const sayAt = (chars: number) => (state: State) => ({ messages: [messageAt(state.messages.length, chars)] })
const next = ({ messages }: State) => ((messages.at(-1) as AIMessage).tool_calls?.length ? 'tools' : END)

/** What we use of a compiled graph. */
export interface Agent {
  invoke(
    input: { messages: BaseMessage[] },
    config: { configurable: { thread_id: string }; durability?: Durability },
  ): Promise<{ messages: BaseMessage[] }>
  getState(config: { configurable: { thread_id: string } }): Promise<{ values: unknown }>
}

export function agent(checkpointer?: BaseCheckpointSaver, chars: number = MESSAGE_CHARS): Agent {
  const say = sayAt(chars)
  return new StateGraph(MessagesAnnotation)
    .addNode('model', say)
    .addNode('tools', say)
    .addEdge(START, 'model')
    .addConditionalEdges('model', next, ['tools', END])
    .addEdge('tools', 'model')
    .compile(checkpointer === undefined ? {} : { checkpointer })
}

/** The same with its messages in a DeltaChannel: a checkpoint holds what was added, or now and then all. */
export function deltaAgent(checkpointer: BaseCheckpointSaver): Agent {
  const say = sayAt(MESSAGE_CHARS)
  return new StateGraph(new StateSchema({ messages: MessagesDeltaValue }))
    .addNode('model', say)
    .addNode('tools', say)
    .addEdge(START, 'model')
    .addConditionalEdges('model', next, ['tools', END])
    .addEdge('tools', 'model')
    .compile({ checkpointer })
}

/** The next turn of a thread that holds this many messages. */
export async function takeTurn(
  app: Agent,
  threadId: string,
  held: number,
  durability: Durability,
  chars: number = MESSAGE_CHARS,
): Promise<void> {
  await app.invoke({ messages: [messageAt(held, chars)] }, { configurable: { thread_id: threadId }, durability })
}

const heads = new Map<string, Promise<CheckpointTuple>>()

/** The checkpoint that the agent leaves when the conversation has this many messages. */
export function headAt(count: number, chars: number = MESSAGE_CHARS): Promise<CheckpointTuple> {
  const key = `${count} of ${chars}`
  let head = heads.get(key)
  if (head === undefined) heads.set(key, (head = makeHead(count, chars)))
  return head
}

async function makeHead(count: number, chars: number): Promise<CheckpointTuple> {
  const saver = new MemorySaver()
  const asked = count - ((count - 1) % MESSAGES_PER_TURN)
  const config = { configurable: { thread_id: 'head' } }
  await agent(saver, chars).invoke({ messages: messagesTo(asked, chars) }, config)
  for await (const tuple of saver.list(config)) {
    if ((tuple.checkpoint.channel_values['messages'] as BaseMessage[] | undefined)?.length === count) return tuple
  }
  throw new Error(`The agent left no checkpoint of ${count} messages.`)
}

function callId(i: number): string {
  return `call_${prose(2_000_000 + i, 24).replaceAll(/\W/g, 'x')}`
}

/** AIMessage's constructor takes usage_metadata, though its type leaves it out for messages without a structure. */
function modelDetails(i: number): { readonly response_metadata: Record<string, unknown> } {
  const details = {
    usage_metadata: { input_tokens: 900 + i, output_tokens: 450, total_tokens: 1350 + i },
    response_metadata: { model_provider: 'bench', model_name: 'a-model-of-today', finish_reason: 'stop' },
  }
  return details
}
