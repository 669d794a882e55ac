import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CapabilityDefinition, CapabilityDescriptor } from '@hansa/protocols'
import { request } from 'undici'
import type { NodeProcess } from '../../harness/node-process.ts'
import { check } from '../report.ts'
import type { Scene, Step } from '../scene.ts'

const capability = 'files.read_text_file'
const principal = 'agent:clerk'
const args = { path: 'reports/stock-2026-q3.csv' }

export const tokenReuse: Step = {
  title: 'A token of orga at the door of orgb',
  why:
    'Both nodes were started with the same token secret. orga registers a capability with the same name and the same ' +
    'description as that of orgb, so that the two tokens differ in nothing but the kernel that minted them.',
  async run(scene) {
    const { orga, orgb, report, story } = scene
    story.note(`token.secret of orga: ${await fingerprint(orga)}…, of orgb: ${await fingerprint(orgb)}… (SHA-256)`)
    check('both have the same secret', await fingerprint(orga), await fingerprint(orgb))
    await using _same = await orga.client.register(await definitionOf(scene), () => ({ content: 'served by orga' }))
    await expectSameDescription(scene)
    const [ofA, ofB] = [await grant(orga), await grant(orgb)]

    const refused = await present(ofA, orgb)
    report.tokenReuse = { outcome: refused.status === 200 ? 'accepted' : 'refused', code: refused.code ?? null }
    check('the token of orga at orgb', refused, { status: 401, code: 'token_rejected' })
    story.done(`the token of orga at orgb: ${refused.status} ${refused.code}`)
    check('the token of orgb at orgb, same request', await present(ofB, orgb), { status: 200, code: undefined })
    story.done('the token of orgb at orgb, same request, same address: 200')
    check('the token of orga at orga, same request', await present(ofA, orga), { status: 200, code: undefined })
    story.done('the token of orga at orga, same request: 200, so there was nothing else wrong with it')
    story.note(
      'The DID of the kernel is part of the key and of what is signed: a secret alone does not open another door.',
    )
  },
}

async function fingerprint({ home }: NodeProcess): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(home, 'keys/token.secret')))
    .digest('hex')
    .slice(0, 16)
}

async function descriptorAt(node: NodeProcess): Promise<CapabilityDescriptor | undefined> {
  return (await node.client.advertise()).manifest.capabilities.find(({ id }) => id === capability)
}

async function definitionOf({ orgb }: Scene): Promise<CapabilityDefinition> {
  const descriptor = await descriptorAt(orgb)
  if (descriptor === undefined) throw new TypeError(`orgb does not offer ${capability}`)
  const {
    kind = 'tool',
    ver: version,
    input_schema: input,
    output_schema: output,
    hash: _computed,
    ...same
  } = descriptor
  return { ...same, kind, version, input, ...(output === undefined ? {} : { output }) }
}

async function expectSameDescription({ orga, orgb }: Scene): Promise<void> {
  const [ofA, ofB] = [await descriptorAt(orga), await descriptorAt(orgb)]
  check('the capability has one description, and so one hash', ofA?.hash, ofB?.hash)
}

async function grant({ client }: NodeProcess): Promise<string> {
  return (await client.operator.grant({ principal, capability })).token
}

async function present(
  token: string,
  { endpoint }: NodeProcess,
): Promise<{ status: number; code: string | undefined }> {
  const { statusCode, body } = await request(`${endpoint}/hansa/v1/invoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Hansa ${token}` },
    body: JSON.stringify({ capability, args }),
  })
  const { code } = (await body.json()) as { code?: string }
  return { status: statusCode, code }
}
