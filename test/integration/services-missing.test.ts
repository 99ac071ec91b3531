/** What a machine that lacks something sees. The process that looks for services leads a process group of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../support/print-services.ts', import.meta.url))

/** Finds services with no other programs than those in `path`, and none that are given. */
async function findServices(services: readonly string[], path: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...services], {
    cwd: dirname(program),
    detached: true, // a process group of its own: a signal to the group would end it, and no other process
    env: { ...process.env, TEST_POSTGRES_URL: '', TEST_REDIS_URL: '', ...env, PATH: path.join(delimiter) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [ended, said] = await Promise.all([once(child, 'exit'), text(child.stdout)])
  return { ended, said }
}

async function newDirectory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'checkpointer-path-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Answers as a Docker engine does that has no images and reaches no registry. Gives its address. */
async function engineWithoutImages(): Promise<string> {
  const answers: [RegExp, number, unknown][] = [
    [/\/_ping$/, 200, 'OK'],
    [/\/info$/, 200, { ServerVersion: '28.0.0', OperatingSystem: 'Linux', OSType: 'linux', NCPU: 1, MemTotal: 1e9 }],
    [/\/version$/, 200, { Version: '28.0.0', ApiVersion: '1.48' }],
    [/\/containers\/json/, 200, []],
    [/\/images\/create/, 500, { message: 'no route to the registry' }],
  ]
  const UNKNOWN = [/./, 404, { message: 'no such image' }] as const
  const server = createServer(({ url = '' }, response) => {
    const [, status, body] = answers.find(([path]) => path.test(url)) ?? UNKNOWN
    response.writeHead(status, { 'content-type': 'application/json', 'api-version': '1.48' }).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ENDED_BY_ITSELF = [0, null]

test('without redis-server, the search says what to install and signals no process', async () => {
  // Several times: when such a signal was sent, it hit in five of eight searches.
  const { ended, said } = await findServices(
    Array.from({ length: 5 }, () => 'redis'),
    [await newDirectory()],
  )
  expect(said).toContain('redis-server does not start here. Install it, start one in Docker, or name one:')
  expect(said).toContain('This process has not been signalled.')
  expect(ended).toEqual(ENDED_BY_ITSELF)
})

test('where Docker answers and gets no image, the services that need no Docker are started, and that is said', async () => {
  const dir = await newDirectory()
  await writeFile(join(dir, 'docker'), '#!/bin/sh\necho 28.0.0\n', { mode: 0o755 })
  const { said } = await findServices(['postgres', 'redis'], [dir, process.env['PATH'] ?? ''], {
    DOCKER_HOST: await engineWithoutImages(),
  })
  const why = (image: string): string => `Docker answers, but ${image} does not start there: `
  expect(said).toContain(`services: embedded (${why('postgres:18')}`)
  expect(said).toContain(`services: redis-server (${why('redis:8')}`)
  expect(said).toContain('no route to the registry')
})
