import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Service } from './service.ts'

let answer: Promise<boolean> | undefined

/** Whether a Docker engine answers within a second. The client alone is no use. */
function dockerAnswers(): Promise<boolean> {
  answer ??= promisify(execFile)('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 900 }).then(
    ({ stdout }) => /^\d/.test(stdout),
    () => false,
  )
  return answer
}

/** Starts a service in Docker. Where no engine answers, or it can't get or run the image, starts what needs no Docker. */
export async function inDockerOr(
  withoutDocker: () => Promise<Service>,
  image: string,
  inDocker: (image: string) => Promise<Service>,
): Promise<Service> {
  if (!(await dockerAnswers())) return withoutDocker()
  try {
    return await inDocker(image)
  } catch (error) {
    const [reason] = (error as Error).message.split('\n')
    const why = `Docker answers, but ${image} does not start there: ${reason}`
    const service = await withoutDocker().catch((failure: Error) => {
      failure.message += `\n${why}`
      throw failure
    })
    return { ...service, origin: `${service.origin} (${why})` }
  }
}
