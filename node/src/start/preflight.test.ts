import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkedPolicies, portFaults, portState } from './preflight.ts'

describe('the port of a node', () => {
  it('is free when nobody listens there, and stays so', async () => {
    const address = { host: '127.0.0.1', port: 0 }
    expect(await portState(address)).toEqual({ free: true })
    expect(portFaults(address, { free: true })).toEqual([])
  })

  it('is not free while somebody listens there', async () => {
    await using server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
    expect(portFaults(address, await portState(address))).toEqual([
      `Another process listens on 127.0.0.1:${address.port}. Stop it, or set another port with \`listen\` in hansa.yaml or --listen.`,
    ])
  })

  it('cannot be one of another machine', async () => {
    // An address for documentation (RFC 5737), which no machine has.
    const address = { host: '192.0.2.1', port: 7400 }
    expect(portFaults(address, await portState(address))).toEqual([
      expect.stringContaining('cannot listen on 192.0.2.1:7400'),
    ])
  })
})

describe(checkedPolicies, () => {
  it('names every fault of every file with its line', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-policies-'))
    const [first, second, missing] = ['a.yaml', 'b.yaml', 'c.yaml'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ]
    await writeFile(first, `rules:\n  - { id: a, effect: allow, subject: 'agent:a*', action: invoke, resource: '*' }\n`)
    await writeFile(second, `rules:\n  - { id: b, effect: deny, subject: '*', action: run, resource: '*' }\n`)
    expect(await checkedPolicies([first, second, missing])).toEqual({
      ok: false,
      faults: [
        `${missing}: there is no such policy file or directory`,
        expect.stringContaining(`${first}:2: rule "a": `),
        expect.stringContaining(`${second}:2: rule "b": action "run" is none of`),
      ],
    })
    await rm(directory, { recursive: true })
  })
})
