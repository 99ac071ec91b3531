/** Which LangGraph is tested: what package.json, test/lines and the README say of it, and what is installed. */
import { readFileSync } from 'node:fs'
import { hasLangGraph } from '../support/langgraph-line.ts'

const isNewest = hasLangGraph(7)

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}
const readText = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const manifest = JSON.parse(readText('package.json')) as Manifest
const PACKAGES = ['@langchain/langgraph', '@langchain/core', '@langchain/langgraph-checkpoint']

test('the LangGraph that package.json names is installed, so that no test is skipped on the newest line', () => {
  expect(isNewest).toBe(Number(manifest.devDependencies['@langchain/langgraph']?.split('.')[1]) >= 7)
})

test('the README names the versions of the two lines, and the peer dependencies begin with the older one', () => {
  const older = JSON.parse(readText('test/lines/1.4.json')) as Record<string, string>
  const readme = readText('README.md').replaceAll(/\s+/g, ' ')
  for (const versions of isNewest ? [manifest.devDependencies, older] : [older]) {
    const [langgraph, core, checkpoint] = PACKAGES.map((name) => versions[name])
    expect(readme).toContain(`${langgraph} with core ${core} and checkpoint ${checkpoint} (`)
  }
  for (const name of PACKAGES) expect(manifest.peerDependencies[name]).toBe(`^${older[name]}`)
})
