/** What is in the tarball, and that it is enough. */
import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDatabase, redisUrl } from '../support/database.ts'
import { newProject, packPackage, root, run, type PackedPackage } from '../support/package.ts'

let packed: PackedPackage
let project: string
beforeAll(async () => {
  packed = await packPackage()
  project = await newProject(packed)
})
afterAll(async () => {
  await rm(project, { recursive: true, force: true })
  await packed.remove()
})

test('the tarball has the builds, their sources, the SQL, the examples, the documentation and the changelog, and nothing else', () => {
  const places = new Set(packed.files.map((path) => (path.includes('/') ? path.replace(/\/.*/s, '/') : path)))
  expect([...places].toSorted()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist/',
    'docs/',
    'examples/',
    'package.json',
    'sql/',
    'src/',
  ])
  expect(packed.files).toEqual(expect.arrayContaining(['dist/index.js', 'dist/cjs/index.js', 'dist/cjs/package.json']))
})

test('every example of the repository runs when it is copied from the tarball into a project', async () => {
  await cp(join(packed.dir, 'examples'), project, { recursive: true })
  await writeFile(join(project, 'package.json'), JSON.stringify({ type: 'module' })) // they await at their top level
  const examples = (await readdir(join(root, 'examples'))).filter((name) => name.endsWith('.ts'))
  for (const name of examples) {
    const { url } = await createDatabase()
    const env = { DATABASE_URL: url, REDIS_URL: redisUrl() }
    expect(await run(process.execPath, ['--import', 'tsx', name], project, env)).not.toBe('')
  }
})
