/**
 * The delegation chain beside an intent in a log: the links whose hashes the intent names have to be in the entry, signed
 * by those whom they name, and give the issuer of the intent what it asked for, at the time of the entry. Whether the
 * owner was one that the kernel accepts, and whether a link had been taken back, is not in the log.
 */
import type { Entry, Intent } from '@hansa/protocols'
import { commandOf, covers } from '../delegation/command.ts'
import { readLink } from '../delegation/read-link.ts'
import { verifyChain } from '../delegation/verify-chain.ts'
import type { KeyResolver } from '../did/key-resolver.ts'

/** Between the look at a chain and the entry. */
const SLACK_SECONDS = 60

/** @returns what contradicts; undefined when the entry shows the chain, or the intent names none. */
export async function whyNotDelegated(
  entry: Entry,
  intent: Intent,
  resolver: KeyResolver,
): Promise<string | undefined> {
  const jwss = entry.ext?.links ?? []
  if (intent.prf.length === 0) return jwss.length === 0 ? undefined : 'it holds a chain that the intent does not name'
  if (jwss.length === 0) return 'the intent names a chain that is not in the entry'
  const read = jwss.flatMap((jws) => readLink(jws) ?? [])
  const named = read.length === intent.prf.length && read.every(({ hash }, at) => hash === intent.prf[at])
  const first = read[0]
  if (!named || first === undefined) return 'the chain in it is not the one that the intent names'
  const end = Math.min(...read.map(({ link }) => link.exp))
  const seconds = Math.floor(entry.t_ms / 1000)
  const verdict = await verifyChain(jwss, {
    invoker: intent.iss,
    owners: new Set([first.link.sub]),
    // Keys of the time of each link: whoever has changed a key since has given no less.
    resolver: {
      resolve(kid, purpose) {
        const signed = read.find(({ link }) => kid.startsWith(`${link.iss}#`))
        return resolver.resolve(kid, purpose, signed?.link.iat ?? seconds)
      },
    },
    now: seconds < end + SLACK_SECONDS ? Math.min(seconds, end - 1) : seconds,
    revoked: () => false,
  })
  if (!verdict.ok) return verdict.reason
  const beside = read.find(({ link }) => !covers(link.cmd, commandOf(intent.cap)))
  return beside === undefined ? undefined : `${intent.cap} is not below ${beside.link.cmd}`
}
