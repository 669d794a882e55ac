/** What kernels with a did:webvh signed, verified from a file with the log of the identity beside it, with no network. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issueRoot, makeSponsorClaim, type Signer } from '@hansa/trust'
import { signAcceptance, signProposal } from '@hansa/trust/agreement'
import { alice, bob, signingKey, TestDid } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../system-clock.ts'
import { runCli } from '../testing/run-cli.ts'

const NOW = Math.floor(systemClock.now() / 1000)
const HOUR = 3_600
const [first, second] = [signingKey('orgb', 1), signingKey('orgb', 2)]

/** Rotated two hours ago, an hour after what is verified here was signed. */
function rotated(revoked: { compromised_since: number } | undefined = undefined): TestDid {
  const did = new TestDid('orgb', 'orgb.example', [first], NOW - 10 * HOUR)
  const kid = did.signer(first).kid
  did.next([second], NOW - 2 * HOUR, revoked === undefined ? [] : [{ kid, reason: 'stolen', ...revoked }])
  return did
}

const terms = (at: number) => {
  const calls = { capabilities: ['*'], labels: [] }
  const times = { from: at, until: NOW + HOUR, accept_by: NOW + HOUR }
  return { aud: alice.did, purpose: 'billing', iss_permits: calls, aud_permits: calls, standing: 700, ...times }
}

/** Each kind of file, signed by a kernel at a time. */
const files: [string, (signer: Signer, at: number) => string][] = [
  [
    'sponsor',
    (signer, at) => {
      const about = { kernel: bob.did, agent: 'agent:a', purpose: 'report', exp: NOW + HOUR }
      const made = makeSponsorClaim(signer, about, at)
      return made.ok ? made.read.jws : made.reason
    },
  ],
  [
    'delegation',
    (signer, at) => {
      const made = issueRoot(signer, { to: bob.did, cmd: '/billing', exp: NOW + HOUR, dep: 0, nbf: at }, at)
      return made.ok ? made.issued.jws : made.reason
    },
  ],
  [
    'agreement',
    (signer, at) => {
      const proposal = signProposal(signer, terms(at), at)
      const accepted = proposal.ok ? signAcceptance(alice, proposal.read, at + 60) : undefined
      if (proposal.ok && accepted?.ok)
        return JSON.stringify({ proposal: proposal.read.jws, acceptance: accepted.read.jws })
      throw new TypeError('no agreement')
    },
  ],
]

async function verified(command: string, text: string, did?: TestDid) {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-'))
  const [file, log] = [join(directory, 'signed'), join(directory, 'did.jsonl')]
  await writeFile(file, `${text}\n`)
  if (did !== undefined) await writeFile(log, did.bytes)
  const argv = [command, 'verify', file, ...(did === undefined ? [] : ['--did', log])]
  const plain = await runCli(argv, { home: '/nonexistent' })
  const json = await runCli([...argv, '--json'], { home: '/nonexistent' })
  return { exit: plain.exit, text: plain.stdout + plain.stderr, reason: JSON.parse(json.stdout).reason }
}

describe.each(files)('hansa %s verify', (command, made) => {
  it('takes the key of a did:webvh from the log of its identity, also one that has left since', async () => {
    const did = rotated()
    expect(await verified(command, made(did.signer(second), NOW - HOUR), did)).toMatchObject({ exit: 0 })
    expect(await verified(command, made(did.signer(first), NOW - 3 * HOUR), did)).toMatchObject({ exit: 0 })
  })

  it('says that it cannot be told without the log, or with the log of another identity, and what to do', async () => {
    const text = made(rotated().signer(second), NOW - HOUR)
    const other = new TestDid('orgc', 'orgc.example', [second], NOW - 10 * HOUR)
    for (const given of [undefined, other])
      expect(await verified(command, text, given)).toMatchObject({ exit: 2, text: expect.stringMatching(/--did FILE/) })
  })

  it('is not taken in by mallory with the key that was retired, after its time', async () => {
    const did = rotated()
    expect(await verified(command, made(did.signer(first), NOW - HOUR), did)).toMatchObject({
      exit: 1,
      reason: 'key_not_valid_then',
    })
  })

  it('is not taken in by mallory with a key that was revoked, who writes an earlier time', async () => {
    const did = rotated({ compromised_since: NOW - 4 * HOUR })
    expect(await verified(command, made(did.signer(first), NOW - 6 * HOUR), did)).toMatchObject({
      exit: 1,
      reason: 'key_revoked',
    })
  })
})
