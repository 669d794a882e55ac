/** Adapter: a secret key as shares in files, and back. */
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type KeyShare, keyShareSchema } from '@hansa/protocols'
import {
  createPrivateFile,
  decodeBase64url,
  encodeBase64url,
  joinShares,
  keyFileText,
  multikeyOf,
  nextKeyHash,
  parsedJson,
  randomId,
  readSecretFile,
  signerFromSeed,
  splitSecret,
  syncDirectory,
  verifyWebvhLog,
} from '@hansa/trust'
import { homePaths } from '../home/home-paths.ts'
import { readIdentity, readLog } from '../home/identity-home.ts'
import { systemClock } from '../system-clock.ts'
import { failed, usage } from './errors.ts'

export type SplitInit = { needed: number; of: number; pathOf(number: number): string }

/** The key goes last: with every share on the disk. @returns paths of the shares @throws KeyFileError */
export async function splitKeyFile(key: string, { needed, of, pathOf }: SplitInit): Promise<string[]> {
  const secret = await readSecretFile(key, 'update-ed25519')
  const whole = multikeyOf(signerFromSeed(secret).publicKey)
  const split = randomId()
  const shares = splitSecret(secret, needed, of)
  const back = joinShares(shares.slice(0, needed))
  if (back === undefined || !Buffer.from(back).equals(secret)) throw new Error('the shares do not give the key back')
  const written: string[] = []
  try {
    for (const { number, bytes } of shares) {
      const share: KeyShare = {
        ...{ kind: 'hansa-key-share', v: 1, key: whole, split, needed, of, number },
        share: encodeBase64url(bytes),
      }
      await createPrivateFile(pathOf(number), `${JSON.stringify(share)}\n`)
      written.push(pathOf(number))
    }
  } catch (error) {
    for (const file of written) await rm(file, { force: true })
    throw error
  }
  await rm(key)
  await syncDirectory(dirname(key))
  return written
}

/**
 * @param home whose log has to commit to the key @default any key will do
 * @throws CliError `usage` for what is no share, `failed` for shares that give no key or one that is worth nothing.
 */
export async function joinKeyShares(
  given: readonly { file: string; text: string }[],
  out: string,
  home: string | undefined,
): Promise<{ key: string; file: string }> {
  const shares = given.map(({ file, text }) => {
    const read = keyShareSchema.safeParse(parsedJson(text))
    if (!read.success) throw usage(`${file} is no share of a key.`)
    return read.data
  })
  const [first] = shares
  if (first === undefined || shares.some((one) => one.split !== first.split || one.key !== first.key))
    throw failed('These shares are of two splittings. A share from before a key was renewed belongs to no other.')
  if (shares.length < first.needed)
    throw failed(
      `${first.needed} shares are needed, and here ${shares.length === 1 ? 'is one' : `are ${shares.length}`}.`,
    )
  const secret = joinShares(
    shares.map(({ number, share }) => ({ number, bytes: decodeBase64url(share) ?? new Uint8Array(0) })),
  )
  if (secret === undefined || secret.length !== 32 || multikeyOf(signerFromSeed(secret).publicKey) !== first.key)
    throw failed('These shares do not give the key that they name: one of them is damaged, or there twice.')
  if (home !== undefined) await requireCommitted(home, first.key)
  await createPrivateFile(out, keyFileText(secret, 'update-ed25519'))
  return { key: first.key, file: out }
}

/** @throws CliError `failed` for a key that the log has left behind. */
async function requireCommitted(home: string, key: string): Promise<void> {
  const paths = homePaths(home)
  const { did } = await readIdentity(paths)
  const text = await readLog(paths)
  const verdict = verifyWebvhLog({ did, log: Buffer.from(text ?? ''), now: Math.floor(systemClock.now() / 1000) + 60 })
  if (verdict.ok && verdict.log.active.nextKeyHashes.includes(nextKeyHash(key))) return
  throw failed(
    'The log of the identity does not commit to this key: it was renewed since, and these shares are worth nothing.',
  )
}
