/** Adapter: what is passed to a call, from the command line, a file or standard input. */
import type { Readable } from 'node:stream'
import { MAX_ARGUMENT_BYTES } from '@hansa/protocols'
import { isAgentCredential, parseStrictJson } from '@hansa/trust'
import { usage } from './errors.ts'
import { readGivenFile } from './read-given-file.ts'

/**
 * @param given JSON, `@FILE`, or `-` for standard input
 * @param what it is, for the message
 * @throws CliError `usage` that says what is wrong with it and where it came from.
 */
export async function readArguments(
  given: string | undefined,
  stdin: Readable,
  what = 'The JSON of the arguments',
): Promise<unknown> {
  if (given === undefined) return {}
  if (given === '-') return parsed(await readAll(stdin), `${what} from standard input`)
  if (given.startsWith('@')) return parsed(await readGivenFile(given.slice(1)), `${what} in ${given.slice(1)}`)
  return parsed(Buffer.from(given), `${what} on the command line`, `. Quote it for the shell: '{"path":"a.txt"}'`)
}

/** @param given the text, or `@FILE`, so that a token need not stand on a command line. */
export async function readToken(given: string): Promise<string> {
  return given.startsWith('@') ? (await readGivenFile(given.slice(1))).toString('utf8').trim() : given
}

/** @throws CliError `usage` for a file that does not hold what `hansa agent add` printed. */
export async function readCredential(path: string): Promise<string> {
  const text = await readToken(`@${path}`)
  if (isAgentCredential(text)) return text
  throw usage(
    `${path} holds no credential: it is one line that begins with hansa_agent_, as hansa agent add printed it. Put it there again, or make another.`,
  )
}

/**
 * The answers to what a call has asked.
 * @throws CliError `usage` for one option without the other
 */
export async function readContinuation(
  { continue: callId, responses }: { continue?: string; responses?: string },
  stdin: Readable,
): Promise<{ callId: string; responses: unknown } | undefined> {
  if (callId === undefined && responses === undefined) return undefined
  if (callId === undefined || responses === undefined)
    throw usage('--continue and --responses belong together: the call that asked, and the answers to it.')
  return { callId, responses: await readArguments(responses, stdin, 'The JSON of the responses') }
}

function parsed(bytes: Buffer, what: string, hint = '.'): unknown {
  const reading = parseStrictJson(bytes, 'payload')
  if (reading.ok) return reading.value
  throw usage(`${what} cannot be read: ${reading.reason}${hint}`)
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > MAX_ARGUMENT_BYTES) throw usage(`Arguments have at most ${MAX_ARGUMENT_BYTES} bytes.`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
