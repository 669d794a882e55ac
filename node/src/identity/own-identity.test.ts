import { multikeyOf, newSeed, sha256, signerFromSeed } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { firstIdentity } from './first-identity.ts'
import { type IdentityFiles, memoryIdentityFiles } from './identity-files.ts'
import { OwnIdentity } from './own-identity.ts'

const NOW = 1_800_000_000_000
const [signing, first, update] = ['signing', 'first', 'update'].map((name) => signerFromSeed(sha256(`own ${name}`)))
const times = { signs_from: NOW / 1000 + 60, retires: NOW / 1000 + 4_000 }
const record = async () => {}

function newFiles(): IdentityFiles {
  if (signing === undefined || first === undefined || update === undefined) throw new Error('no keys')
  const place = { host: 'bob.example', path: [] }
  const { log } = firstIdentity({ place, signing, first, update, nowMs: NOW - 1_000 })
  return memoryIdentityFiles({ log, signing, update })
}

const open = (files: IdentityFiles) => OwnIdentity.open({ files, nowMs: () => NOW })
const states = (own: OwnIdentity) => own.keys().keys.map(({ state }) => state)

/** The process ends in front of the nth change of the files from now on. */
function endingAt(files: IdentityFiles, at: number): IdentityFiles {
  let count = 0
  const step =
    <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (count++ >= at) throw new Error('the power went')
      return change(...args)
    }
  return {
    read: files.read,
    writeLog: step(files.writeLog),
    writeRotation: step(files.writeRotation),
    createNext: step(files.createNext),
    promote: step(files.promote),
    dropNext: step(files.dropNext),
  }
}

const acts: [string, number, (own: OwnIdentity) => Promise<unknown>][] = [
  ['announced', 5, (own) => own.announce(times, record)],
  [
    'announced and switched',
    6,
    async (own) => {
      await own.announce(times, record)
      await own.switch()
    },
  ],
  [
    'announced, switched and retired',
    10,
    async (own) => {
      await own.announce(times, record)
      await own.switch()
      await own.retire()
    },
  ],
  ['revoked', 6, (own) => own.revoke(own.signingKid, NOW / 1000 - 60, 'stolen')],
]

describe('a key that is changed', () => {
  it.each(acts)('can be %s however often the power goes, and the identity goes on', async (_name, steps, act) => {
    for (let at = 0; at <= steps; at++) {
      const files = newFiles()
      const crashed = await open(files).then(() => open(endingAt(files, at)))
      const whole = await act(crashed).then(
        () => true,
        (error: Error) => {
          expect(error.message).toBe('the power went')
          return false
        },
      )
      expect(whole).toBe(at === steps)
      const own = await open(files)
      // One key signs, and the document has it.
      expect(states(own).filter((state) => state === 'signing')).toHaveLength(1)
      expect(own.log.current.keys.key(own.signingKid, 'assertionMethod').ok).toBe(true)
      // What was left half done does not keep anything from being done after it.
      if (own.rotation !== undefined && own.rotation.kid !== own.signingKid) await own.switch()
      if (own.rotation !== undefined) await own.retire()
      const { kid } = await own.announce(times, record)
      await own.switch()
      expect(own.signer.kid).toBe(kid)
      expect((await open(files)).signer.kid).toBe(kid)
    }
  })

  it('is not changed without the key that the log has committed to', async () => {
    const files = newFiles()
    const stored = await files.read()
    const { update: _elsewhere, ...rest } = stored
    const without = { ...files, read: async () => rest }
    await expect((await open(without)).announce(times, record)).rejects.toThrow('keys/update.key')
    const wrong = { ...files, read: async () => ({ ...stored, update: signerFromSeed(newSeed()) }) }
    await expect((await open(wrong)).announce(times, record)).rejects.toThrow('keys/update.key')
  })

  it('is nothing that another log goes with', async () => {
    const files = newFiles()
    const stored = await files.read()
    const other = { ...files, read: async () => ({ ...stored, signing: signerFromSeed(newSeed()) }) }
    await expect(open(other)).rejects.toThrow('does not name the key')
    const changed = { ...files, read: async () => ({ ...stored, log: stored.log.replace('authentication', 'x') }) }
    await expect(open(changed)).rejects.toThrow('does not verify')
  })

  it('signs with one key and names it, whenever it is asked', async () => {
    const files = newFiles()
    const own = await open(files)
    const before = own.signer.kid
    await own.announce(times, record)
    expect(own.signer.kid).toBe(before)
    await own.switch()
    expect(own.signer.kid).not.toBe(before)
    expect(own.signer.kid.endsWith(multikeyOf(own.signer.publicKey))).toBe(true)
  })
})
