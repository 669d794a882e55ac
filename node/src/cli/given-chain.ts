/** Adapter: a chain that is named on the command line, by a file or by its id. */
import { readFile } from 'node:fs/promises'
import { decodeChain } from '@hansa/protocols'
import { readLink } from '@hansa/trust'
import { usage } from './errors.ts'
import { readGivenFile } from './read-given-file.ts'

const ID = /^[A-Za-z0-9_-]{8,43}$/

/** The text of the file, or the id as it is. @throws CliError `usage` */
export async function chainIn(given: string): Promise<string> {
  if (!ID.test(given)) return (await linksIn(given)).join('\n')
  // A name without dot or slash may be a file all the same.
  return readFile(given, 'utf8').then(
    async () => (await linksIn(given)).join('\n'),
    () => given,
  )
}

/** The id that a running node knows it by. @throws CliError `usage` */
export async function chainId(given: string): Promise<string> {
  const text = await chainIn(given)
  if (!text.includes('.')) return text
  const last = text.split('\n').at(-1) ?? ''
  return readLink(last)?.hash ?? notAChain(given)
}

/** Links of a chain file, the first one first; nothing is verified. @throws CliError `usage` */
export async function linksIn(file: string): Promise<string[]> {
  const text = (await readGivenFile(file)).toString('utf8').trim().replaceAll('\r\n', '\n')
  const links = decodeChain(Buffer.from(text))
  return links === undefined || links.length === 0 ? notAChain(file) : links
}

function notAChain(file: string): never {
  throw usage(`${file} is no chain: it has one to four lines, each a link, as hansa delegate printed them.`)
}
