/** The types of the package in projects with other settings and other releases of TypeScript than here. */
import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newProject, packPackage, root, run, type PackedPackage } from '../support/package.ts'

let packed: PackedPackage
beforeAll(async () => {
  packed = await packPackage()
})
afterAll(() => packed.remove())

const COMPILERS = {
  '5.4': 'test/types/compilers/5.4/node_modules/typescript',
  '5.9': 'test/types/compilers/5.9/node_modules/typescript',
  '6.0': 'test/types/compilers/6.0/node_modules/typescript',
  '7.0': 'node_modules/typescript',
}

interface Project {
  readonly module: string
  readonly moduleResolution: string
  /** What package.json says its files are. */
  readonly type: 'module' | 'commonjs'
  readonly hasPgTypes: boolean
  readonly compilers: readonly Compiler[]
}
type Compiler = keyof typeof COMPILERS

/** Each release with what projects of its time use; each way to find modules with the newest release, which is fast. */
const PROJECTS: readonly Project[] = [
  { module: 'node16', moduleResolution: 'node16', type: 'module', hasPgTypes: false, compilers: ['5.4', '7.0'] },
  { module: 'nodenext', moduleResolution: 'nodenext', type: 'module', hasPgTypes: true, compilers: ['6.0', '7.0'] },
  { module: 'esnext', moduleResolution: 'bundler', type: 'module', hasPgTypes: true, compilers: ['7.0'] },
  { module: 'node16', moduleResolution: 'node16', type: 'commonjs', hasPgTypes: true, compilers: ['7.0'] },
  // TypeScript 6 takes it only with a warning, and 7 not at all.
  { module: 'commonjs', moduleResolution: 'node10', type: 'commonjs', hasPgTypes: false, compilers: ['5.9'] },
]

/** What the compiler says of a file of this package: those of LangChain have errors where exactOptionalPropertyTypes is on. */
function ofOurFiles(said: string): string[] {
  const isOurs = (line: string): boolean => !/node_modules\/(?!langgraph-pg-checkpointer\/)/.test(line)
  return said.split('\n').filter((line) => line.includes('error TS') && isOurs(line))
}

/** What the compiler says of a project with the two programs of test/types/consumer; of the second only with @types/pg. */
async function compile(compiler: Compiler, project: Project, settings: object = {}): Promise<string> {
  const { module, moduleResolution, type, hasPgTypes } = project
  const dir = await newProject(packed, hasPgTypes ? [] : ['@types/pg'])
  try {
    await cp(join(root, 'test/types/consumer'), dir, { recursive: true })
    if (!hasPgTypes) await rm(join(dir, 'uses-pg.ts'))
    await writeFile(join(dir, 'package.json'), JSON.stringify({ type }))
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2022'],
      types: ['node'],
      esModuleInterop: true,
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      module,
      moduleResolution,
      ...settings,
    }
    await writeFile(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const tsc = join(root, COMPILERS[compiler], 'bin/tsc')
    return await run(process.execPath, [tsc, '--pretty', 'false'], dir).catch(({ message }: Error) => message)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const TRIALS = PROJECTS.flatMap((project) => project.compilers.map((compiler) => ({ ...project, compiler })))

test.each(TRIALS)(
  'TypeScript $compiler finds no error in a project of type $type with $moduleResolution, with @types/pg: $hasPgTypes',
  async ({ compiler, ...project }) => {
    expect(ofOurFiles(await compile(compiler, project, { exactOptionalPropertyTypes: true }))).toEqual([])
  },
)

test('without exactOptionalPropertyTypes, nothing in the whole project has an error', async () => {
  expect(await compile('7.0', PROJECTS[0]!)).toBe('')
})
