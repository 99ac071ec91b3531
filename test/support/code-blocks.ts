/** The code of a Markdown document's fenced blocks of one language, in order. */
export function codeBlocks(markdown: string, language: string): string[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms')
  return [...markdown.matchAll(fenced)].map(([, code]) => code ?? '')
}
