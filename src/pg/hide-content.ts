/**
 * Takes out of a server's error what may be state: the parameters, which it adds to the context where
 * log_parameter_max_length_on_error is set, the JSON that it quotes there, and the details of data errors (classes 22 and 23),
 * which quote rows.
 */
export function hideContent(error: unknown): void {
  if (!(error instanceof Error)) return
  const fields = error as { code?: unknown; detail?: unknown; where?: unknown }
  if (typeof fields.where === 'string') {
    fields.where = fields.where
      .replace(/(^|\n)[^\n]*\$\d+ = [^]*$/, '')
      .replaceAll(/(^|\n)JSON data, line \d+:[^\n]*/g, '$1JSON data')
  }
  if (typeof fields.code === 'string' && /^2[23]...$/.test(fields.code)) fields.detail = undefined
}
