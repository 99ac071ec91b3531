import type { AIMessage, BaseMessage } from '@langchain/core/messages'

/** A message in a line. */
export function describeMessage(message: BaseMessage): string {
  const call = (message as AIMessage).tool_calls?.[0]
  return call ? `calls ${call.name}(${JSON.stringify(call.args)})` : message.text
}
