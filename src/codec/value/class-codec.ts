/**
 * How instances of one of your classes are stored and made again.
 *
 * ```ts
 * { name: 'Decimal', matches: (value) => value instanceof Decimal, toData: (decimal: Decimal) => decimal.toString(),
 *   fromData: (text: string) => new Decimal(text) }
 * ```
 */
export interface ClassCodec<Instance = unknown, Data = unknown> {
  /** Stored with each instance, so it stays the same for as long as there are any: 1 to 100 of `A-Z a-z 0-9 _ . : / @ -`. */
  readonly name: string
  /**
   * Whether a value is an instance. It is asked about instances of classes that this package does not store by itself,
   * never about plain objects, arrays, messages, a Date, a Map and the like.
   */
  matches(value: object): boolean
  /** What to store: any value that can be stored. */
  toData(instance: Instance): Data
  /** The instance again, from what `toData` returned. The data come from the database: check them where that matters. */
  fromData(data: Data): Instance
}
