/**
 * Where a walk over the members of a container stands among what is remembered of them.
 *
 * | state | what it expects next | left when |
 * |---|---|---|
 * | nothing expected | – | a member is the first of some neighbours |
 * | among neighbours | the element after the last one found | another first member is found |
 * | in a known container | the group after the last one found | the walk ends |
 */
import { Group } from './group.ts'
import type { Memo } from './memo.ts'
import type { Neighbours } from './neighbours.ts'
import { Part } from './part.ts'

export class MemoCursor {
  readonly #memo: Memo
  readonly #groups: readonly Group[]
  #nextGroup = 0
  #near: Neighbours | undefined
  #next = 0

  constructor(memo: Memo, container: object) {
    this.#memo = memo
    this.#groups = memo.groupsOf(container)
  }

  /** The part that holds exactly this member, if it is remembered and unchanged. Quickest for members in their order. */
  find(value: object): Part | undefined {
    if (this.#near?.elements[this.#next] === value) {
      const part = this.#takeNext()
      if (part !== undefined && this.#memo.isUnchanged(value, part.wire)) return part
      // Changed in place since. If it was stored again after that, it is remembered by itself.
    }
    const known = this.#memo.member(value)
    if (known instanceof Part) return this.#memo.isUnchanged(value, known.wire) ? known : undefined
    const part = known instanceof Group ? undefined : this.#among(known, value)
    if (part !== undefined && this.#memo.isUnchanged(value, part.wire)) return part
    return this.#memo.findContainer(value)
  }

  /** Groups that may begin with this member, likeliest first. Their members are still to be compared. */
  groupsFrom(first: unknown): readonly Group[] {
    const known = typeof first === 'object' && first !== null ? this.#memo.member(first) : undefined
    if (known instanceof Group) return [known]
    // A group may be gone, if the container was changed in place.
    return this.#groups.slice(this.#nextGroup, this.#nextGroup + 2)
  }

  /** Notes that the walk has passed a group. */
  passed(group: Group): void {
    if (this.#groups[this.#nextGroup] === group) this.#nextGroup += 1
    else if (this.#groups[this.#nextGroup + 1] === group) this.#nextGroup += 2
  }

  #takeNext(): Part | undefined {
    return this.#near?.parts[this.#next++]
  }

  #among(known: Neighbours | undefined, value: object): Part | undefined {
    // One that is not the first may still be further on, because some between were removed.
    const at = known === undefined ? (this.#near?.elements.indexOf(value, this.#next) ?? -1) : 0
    if (at < 0) return undefined
    this.#near = known ?? this.#near
    this.#next = at
    return this.#takeNext()
  }
}
