import { userInfo } from 'node:os'
import type { DiscoveredPeer, MeshStatus } from '@hansa/protocols'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import {
  type Admission,
  type Admitted,
  admissionOptions,
  admit,
  admitAgreed,
  admittedText,
  askSame,
  checkPatterns,
  findKernel,
} from '../admit-peer.ts'
import { importIfAgreed } from '../agreed-words.ts'
import type { Cli, Invocation } from '../cli.ts'
import { configuredRegistries } from '../configured-registries.ts'
import type { ControlClient } from '../control-client.ts'
import { usage } from '../errors.ts'
import { fingerprint } from '../fingerprint.ts'
import type { Style } from '../print.ts'
import { counted, facts } from '../table.ts'

export function joinCommand(cli: Cli): Command {
  const command = cli
    .command('join', {
      summary: 'take part in a mesh: know every kernel in it, and be known',
      description:
        'Finds a kernel by URL, domain or DID and takes part in the mesh through it: what each kernel signs about itself is passed on from neighbour to neighbour, and searched here with `hansa search`. It grants nothing. With --use, --serve or --as the kernel itself is made known too, as `hansa peer add` does: its fingerprint is compared, unless two discovery channels of this node name it alike, it is pinned, and what was named may be called. Without a target this node takes part and waits for others.',
      examples: [
        'hansa join kernel.orgb.example',
        'hansa join https://kernel.orgb.example:8443 --use reports.read',
        'hansa join did:webvh:QmScid…:kernel.orgb.example --as orgb --serve "shipments.*" --yes',
        'hansa join',
      ],
    })
    .argument('[target]', 'URL, domain or DID of a kernel that takes part (default: wait for others)')
  return admissionOptions(command).action(
    cli.action<Admission>(async (invocation) => {
      const { home, options, args, print } = invocation
      const target = args[0] as string | undefined
      await checkPatterns(options)
      const { controlClient } = await import('../control-client.ts')
      await using client = await controlClient(home)
      if (target === undefined && isAdmission(options))
        throw usage('What is said of a kernel needs the kernel: hansa join URL|DOMAIN|DID.')
      const found = target === undefined ? undefined : await findTarget(invocation, client, target)
      const admitted =
        found === undefined ? undefined : await admitIfAsked(invocation, client, found, placeOf(target ?? ''))
      const by = accountPerson(userInfo().username)
      const status = await client.call('joinMesh', { by, ...(found !== undefined && { manifest: found.signed.jws }) })
      const through = found === undefined ? {} : { through: { did: found.did, fingerprint: fingerprint(found.did) } }
      const named = admitted?.agreed === undefined ? {} : { agreed: admitted.agreed }
      print.result({ ...through, ...admitted?.known, ...admitted?.rules, ...named, mesh: status }, (style) =>
        joinedText(style, status, found, admitted).join('\n'),
      )
      return admitted?.rules.reload?.ok === false ? 1 : undefined
    }),
  )
}

/** Whether anything is said of the kernel itself, and not only of the mesh. */
function isAdmission({ as, serve, use, clearance, sameOwner, delegation, standing, trustPolicy }: Admission): boolean {
  return [as, serve, use, clearance, sameOwner, delegation, standing, trustPolicy].some((said) => said !== undefined)
}

async function admitIfAsked(
  invocation: Invocation<Admission>,
  client: ControlClient,
  found: DiscoveredPeer,
  url: string | undefined,
): Promise<Admitted | undefined> {
  const { yes, fingerprint: read } = invocation.options
  if (isAdmission(invocation.options) && yes !== true && read === undefined) {
    const agreed = await importIfAgreed(invocation, client, found, url)
    if (agreed !== undefined) return await admitAgreed(invocation, client, agreed)
  }
  if (!isAdmission(invocation.options) && invocation.options.fingerprint === undefined) return undefined
  await askSame(invocation, found.did, await client.call('status', {}))
  return isAdmission(invocation.options) ? await admit(invocation, client, found.did, found) : undefined
}

/** Where an operator said that it is: what a DID or a name says by itself is a place too. */
function placeOf(target: string): string | undefined {
  return target.startsWith('did:') ? urlOfDid(target) : urlOf(target)
}

async function findTarget(
  { home, environment }: Invocation<Admission>,
  client: ControlClient,
  target: string,
): Promise<DiscoveredPeer> {
  if (!target.startsWith('did:')) return await findKernel(client, urlOf(target))
  const url = urlOfDid(target)
  if (url !== undefined) return await findKernel(client, url, target)
  const registryUrls = [...(await configuredRegistries(home, environment))]
  const did = target as DiscoveredPeer['did']
  const { peers } = await client.call('discover', { did, registryUrls })
  const [found] = peers
  if (found === undefined) throw usage(`Nobody here knows where ${target} is. Join by its URL: hansa join https://HOST`)
  return found
}

/** A name alone is a host that serves over HTTPS. */
function urlOf(target: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(target) ? target : `https://${target}`
}

/** Where a DID that contains a host is served: did:web and did:webvh do. */
function urlOfDid(did: string): string | undefined {
  const [, method, ...rest] = did.split(':')
  const host = method === 'web' ? rest[0] : method === 'webvh' ? rest[1] : undefined
  return host === undefined ? undefined : `https://${decodeURIComponent(host)}`
}

function joinedText(
  style: Style,
  status: MeshStatus,
  found: DiscoveredPeer | undefined,
  admitted: Admitted | undefined,
): string[] {
  const through =
    found === undefined
      ? 'nobody yet: others join through this node'
      : `${found.signed.manifest.name ?? found.did} at ${found.signed.manifest.endpoints[0]?.url ?? 'no endpoint'}`
  const head = facts(style, [
    ['joined', through],
    ['fingerprint', found === undefined ? undefined : style.bold(fingerprint(found.did))],
    ['mesh', `${counted(status.kernels, 'other kernel')} known, ${counted(status.neighbours.length, 'neighbour')}`],
  ])
  const next = 'Look for something with: hansa search WORDS. See who is there with: hansa mesh status.'
  return [head, ...(admitted === undefined ? [] : ['', ...admittedText(style, admitted, found)]), '', style.dim(next)]
}
