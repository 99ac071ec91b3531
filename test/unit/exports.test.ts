import * as everything from '../../src/index.ts'

test('the public names are these', () => {
  expect(Object.keys(everything).toSorted()).toMatchInlineSnapshot(`
    [
      "CheckpointerError",
      "EndedError",
      "InMemoryCheckpointer",
      "InvalidInputError",
      "LosslessSerializer",
      "OptionsError",
      "PartCorruptError",
      "PartMissingError",
      "PgCheckpointer",
      "RowCorruptError",
      "SchemaOutdatedError",
      "SchemaTooNewError",
      "TooLargeError",
      "UnavailableError",
      "UnreadableCheckpointsError",
      "UnreadableValueError",
      "UnserializableValueError",
    ]
  `)
})
