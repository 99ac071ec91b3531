import { setTimeout as sleep } from 'node:timers/promises'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, type BaseMessage } from '@langchain/core/messages'
import type { ChatResult } from '@langchain/core/outputs'

/**
 * A chat model without a network or a key. It answers from the messages it is given and from nothing else, so it can
 * only be right if the checkpointer gave back what was said before.
 */
export class FakeModel extends BaseChatModel {
  readonly #thinkingMs: number

  /** @param thinkingMs how long it takes over the answer that follows a tool's result */
  constructor(thinkingMs = 0) {
    super({})
    this.#thinkingMs = thinkingMs
  }

  override _llmType(): string {
    return 'fake'
  }

  /** Agents offer their tools to a model. This one knows its only tool. */
  override bindTools(): this {
    return this
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    if (messages.at(-1)?.type === 'tool') await sleep(this.#thinkingMs)
    const message = answer(messages)
    return { generations: [{ text: message.text, message }] }
  }
}

function answer(messages: BaseMessage[]): AIMessage {
  const last = messages.at(-1)
  const said = last?.text ?? ''
  if (last?.type === 'tool') return new AIMessage(`Done. ${said}`)
  if (said.includes('Book a table')) {
    const args = { people: said.includes('for two') ? 2 : 4, time: '20:00' }
    return new AIMessage({ content: '', tool_calls: [{ name: 'book_table', args, id: `call ${messages.length}` }] })
  }
  if (said.includes('Who am I')) {
    const name = recall(messages, 'human', /I am (\w+)/)
    const booking = recall(messages, 'tool', /Booking (\d+)/)
    return new AIMessage(`You are ${name}, and your booking is number ${booking}.`)
  }
  return new AIMessage(`${messages.length} messages so far. ${smallTalk(messages.length)}`)
}

function recall(messages: BaseMessage[], type: string, pattern: RegExp): string {
  const found = messages.find((message) => message.type === type && pattern.test(message.text))
  return pattern.exec(found?.text ?? '')?.[1] ?? 'unknown'
}

const WORDS = 'soup bread olive salt lemon basil table window candle water wine plate spoon menu guest night'.split(' ')

/** About a kilobyte of words, other ones for every seed. */
function smallTalk(seed: number): string {
  let state = seed
  const next = (): string => {
    state = (state * 48_271) % 2_147_483_647
    return WORDS[state % WORDS.length] ?? ''
  }
  return Array.from({ length: 170 }, next).join(' ')
}
