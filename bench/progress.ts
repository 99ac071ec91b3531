/** What is going on, in one line on a terminal; elsewhere a line for each workload. */
export class Progress {
  readonly #workloads: number
  readonly #start = performance.now()
  #done = 0
  #name = ''
  #begun = 0

  constructor(workloads: number) {
    this.#workloads = workloads
  }

  get seconds(): number {
    return Math.round((performance.now() - this.#start) / 1000)
  }

  begin(name: string): void {
    this.#name = name
    this.#begun = performance.now()
    this.step('')
  }

  step(what: string): void {
    if (!process.stderr.isTTY) return
    const line = `[${this.#done + 1}/${this.#workloads}] ${this.seconds} s  ${this.#name}  ${what}`
    process.stderr.write(`\r\u001B[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`)
  }

  end(): void {
    this.#done++
    if (process.stderr.isTTY) process.stderr.write('\r\u001B[2K')
    else process.stderr.write(`${this.#name}: ${Math.round((performance.now() - this.#begun) / 1000)} s\n`)
  }
}
