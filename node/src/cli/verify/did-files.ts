/** Logs of identities that an operator gives a verifier, so that keys are judged by the time at which they signed. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Did, MAX_DID_LOG_BYTES, MAX_WITNESS_FILE_BYTES } from '@hansa/protocols'
import {
  type DidLog,
  didKeyResolver,
  didLogKeyResolver,
  everRevoked,
  firstOf,
  type KeyResolver,
  verifyWebvhLog,
} from '@hansa/trust'
import { didIn } from '../../identity/own-identity.ts'
import { usage } from '../errors.ts'

/** As text, so that it can be handed to a thread. */
export type DidFile = { path: string; did: Did; log: string; witnesses?: string }

/** @param paths of `did.jsonl` files, or of homes that hold one; `did-witness.json` is taken from beside it. @throws CliError `usage` */
export async function readDidFiles(paths: readonly string[]): Promise<DidFile[]> {
  return Promise.all(paths.map(readDidFile))
}

/** Keys of did:key, and those of the files at the time of each signature. @throws CliError `usage` for a log that does not verify */
export function resolverOf(files: readonly DidFile[], now: number): KeyResolver {
  if (files.length === 0) return didKeyResolver()
  return firstOf(didKeyResolver(), didLogKeyResolver(files.map((file) => logOf(file, now))))
}

function logOf({ path, did, log, witnesses }: DidFile, now: number): DidLog {
  const proofs = witnesses === undefined ? {} : { witnesses: Buffer.from(witnesses) }
  const verdict = verifyWebvhLog({ did, log: Buffer.from(log), ...proofs, now })
  if (!verdict.ok) throw usage(`The log of the identity ${did} in ${path} does not verify: ${verdict.reason}.`)
  return verdict.log
}

/**
 * The same for what names its own time: whoever has a stolen key writes any time into it, so a key that was revoked is good
 * for none of it.
 * @throws CliError `usage` for a log that does not verify
 */
export function signersOf(files: readonly DidFile[], now: number): KeyResolver {
  const resolver = resolverOf(files, now)
  const revoked = new Set(files.flatMap((file) => everRevoked(logOf(file, now)).map(({ kid }) => kid)))
  return {
    resolve: (kid, purpose, at) =>
      revoked.has(kid)
        ? Promise.resolve({ ok: false as const, reason: 'key_revoked' })
        : resolver.resolve(kid, purpose, at),
  }
}

/** Keys as they were at one time, whatever is asked. @param at Unix seconds */
export function keysAt(resolver: KeyResolver, at: number): KeyResolver {
  return { resolve: (kid, purpose) => resolver.resolve(kid, purpose, at) }
}

/** Whether nothing is known of the key, so that what it signed is neither good nor bad. */
export function isKeyUnknown(reason: string | undefined): boolean {
  return reason === 'did_method_unsupported'
}

async function readDidFile(given: string): Promise<DidFile> {
  const found = await stat(given).catch(() => undefined)
  if (found === undefined) throw usage(`--did: There is no file ${given}.`)
  const path = found.isDirectory() ? join(given, 'identity', 'did.jsonl') : given
  const log = await bounded(path, MAX_DID_LOG_BYTES)
  const did = log === undefined ? undefined : didIn(log)
  if (log === undefined || did === undefined)
    throw usage(`--did: ${path} is not the log of a did:webvh. A node publishes its own as /.well-known/did.jsonl.`)
  const witnesses = await bounded(path.replace(/did\.jsonl$/, 'did-witness.json'), MAX_WITNESS_FILE_BYTES, path)
  return { path, did, log, ...(witnesses === undefined ? {} : { witnesses }) }
}

/** @param not the path that it must not be */
async function bounded(path: string, maxBytes: number, not?: string): Promise<string | undefined> {
  const found = path === not ? undefined : await stat(path).catch(() => undefined)
  return found?.isFile() !== true || found.size > maxBytes ? undefined : readFile(path, 'utf8')
}
