/** What may quote state in an error of a server or driver: see `hideContent`. */
interface Telling {
  message: string
  code?: unknown
  detail?: unknown
  where?: unknown
  params?: unknown
  queryOptions?: unknown
}

/**
 * Takes out of an error what may be state: the parameters, which PGlite adds, and Postgres where
 * log_parameter_max_length_on_error is set; of the context all but the names of functions, as it quotes JSON in the words of
 * lc_messages; and of data errors (classes 22 and 23), which quote rows and values, the details and the quoted value.
 */
export function hideContent(error: unknown): void {
  if (!(error instanceof Error)) return
  const told = error as Telling
  delete told.params
  delete told.queryOptions
  if (typeof told.where === 'string') {
    const parameters = told.where.search(/\$\d+ = /)
    const context = parameters < 0 ? told.where : told.where.slice(0, parameters)
    told.where = context
      .split('\n')
      .filter((line) => line.includes('PL/pgSQL'))
      .join('\n')
  }
  if (typeof told.code !== 'string' || !/^2[23]...$/.test(told.code)) return
  told.detail = undefined
  if (told.code.startsWith('22')) told.message = told.message.replace(/: "[^]*"$/, '')
}
