import { userInfo } from 'node:os'
import type { Did, DiscoveredPeer, Discovery, ImportedPeer, TrustPolicy } from '@hansa/protocols'
import { type Command, Option } from 'commander'
import { accountPerson } from '../account-person.ts'
import { type AgreedPeer, channelsText } from '../agreed-words.ts'
import type { Cli } from '../cli.ts'
import { CliError, usage } from '../errors.ts'
import { fingerprint } from '../fingerprint.ts'
import { collect } from '../options.ts'
import type { Style } from '../print.ts'
import { facts } from '../table.ts'
import { printSourceFaults } from './discover.ts'

/** As in `@hansa/protocols`, which is not loaded for a help text; the parser of the node checks it again. */
const TRUST_POLICIES: readonly TrustPolicy[] = ['most_restrictive', 'local_only', 'remote_deferred']

type Options = {
  did?: string
  as?: string
  trustPolicy?: TrustPolicy
  registry?: string
  capability?: string[]
  agreed?: boolean
}

export function importCommand(cli: Cli): Command {
  return cli
    .command('import', {
      summary: 'pin a kernel and make its capabilities callable',
      description:
        'Finds a kernel, pins its identity, the key of its log, its endpoint and each capability, and makes them callable as ALIAS/ID. Compare the fingerprint with its operator before you rely on it. With --agreed it is imported only when two independent discovery channels of this node (registries, the mesh, the DHT, the LAN, and a URL) name the same manifest; the log says which. What channels agree on, nobody here has vouched for.',
      examples: [
        'hansa import https://kernel.example --as orgb',
        'hansa import https://kernel.example:8443 --did did:key:z6Mk…',
        'hansa import did:key:z6Mk… --agreed',
        'hansa import did:key:z6Mk… --registry https://registry.example --trust-policy remote_deferred',
      ],
    })
    .argument('<url-or-did>', 'base URL of the kernel; or its DID, which is looked up in the registry and the mesh')
    .option('--did <did>', 'with a URL: who has to answer; its certificate needs no certificate authority then')
    .option('--as <alias>', 'namespace of its capabilities (default: the name in its manifest)')
    .addOption(
      new Option('--trust-policy <policy>', 'whose decision counts (default: most_restrictive)').choices(
        TRUST_POLICIES,
      ),
    )
    .option('--registry <url>', 'where a DID is looked up (default: the registries of hansa.yaml)')
    .option('--agreed', 'only when two independent discovery channels of this node name it alike')
    .option('--capability <id>', 'only this capability; can be repeated (default: all)', collect)
    .action(
      cli.action<Options>(async ({ home, print, options, environment, args: [target] }) => {
        const { controlClient } = await import('../control-client.ts')
        const { configuredRegistries } = await import('../configured-registries.ts')
        const { as, trustPolicy, capability: capabilities } = options
        const source = await sourceOf(String(target), options, () => configuredRegistries(home, environment))
        await using client = await controlClient(home)
        if (options.agreed === true) {
          const imported = await client.call('importAgreed', askedOf(String(target), options))
          print.result({ ...imported, fingerprint: fingerprint(imported.peer) }, (style) => agreedText(style, imported))
          return undefined
        }
        const discovery = await client.call('discover', source)
        const found = chosen(String(target), discovery)
        printSourceFaults(print, { ...discovery, faults: discovery.faults })
        const imported = await client.call('import', {
          manifest: found.signed.jws,
          ...(as !== undefined && { as }),
          ...(trustPolicy !== undefined && { trustPolicy }),
          ...(capabilities !== undefined && { capabilities }),
        })
        const pinned = pinsOf(found, imported)
        print.result({ ...imported, pinned }, (style) => importText(style, imported, pinned))
        return undefined
      }),
    )
}

function askedOf(target: string, { did, as, trustPolicy, capability, registry }: Options) {
  if (registry !== undefined)
    throw usage('--agreed asks the registries of hansa.yaml: what is named for one command is no channel of the node.')
  const byDid = target.startsWith('did:')
  return {
    by: accountPerson(userInfo().username),
    ...(byDid ? { did: target as Did } : { url: target }),
    ...(!byDid && did !== undefined && { did: did as Did }),
    ...(as !== undefined && { as }),
    ...(trustPolicy !== undefined && { trustPolicy }),
    ...(capability !== undefined && { capabilities: capability }),
  }
}

async function sourceOf(target: string, { did, registry }: Options, configured: () => Promise<readonly string[]>) {
  if (!target.startsWith('did:')) {
    return {
      peerUrls: [target],
      ...(did !== undefined && { did }),
      ...(registry !== undefined && { registryUrl: registry }),
    }
  }
  const registryUrls = registry === undefined ? [...(await configured())] : [registry]
  return { did: target as Did, registryUrls }
}

function chosen(target: string, { peers, faults }: Discovery): DiscoveredPeer {
  const byDid = target.startsWith('did:')
  const found = byDid ? peers.find(({ did }) => did === target) : peers.find(({ by }) => by.includes('peer_url'))
  if (found !== undefined) return found
  const reasons = faults.map(({ source, code, reason }) => `${source}: ${reason} (${code}).`)
  const what = byDid
    ? `Neither a registry nor the mesh of this node knows ${target}.`
    : `There is no kernel to import at ${target}.`
  throw new CliError({ code: 'failed' }, [what, ...reasons, 'Check the address and that the kernel runs.'].join('\n  '))
}

type Pins = {
  /** SHA-256 of the DID, to read to someone. */
  fingerprint: string
  seq: number
  manifest: string
  endpoint?: string
  logKeys: string[]
  capabilities: { id: string; hash: string }[]
}

function pinsOf({ did, signed: { manifest, hash } }: DiscoveredPeer, { capabilities }: ImportedPeer): Pins {
  const ids = new Set(capabilities.map((ref) => ref.slice(ref.indexOf('/') + 1)))
  const endpoint = manifest.endpoints[0]?.url
  return {
    fingerprint: fingerprint(did),
    seq: manifest.seq,
    manifest: hash,
    ...(endpoint !== undefined && { endpoint }),
    logKeys: manifest.logs.map(({ vkey }) => vkey),
    capabilities: manifest.capabilities.filter(({ id }) => ids.has(id)).map(({ id, hash: own }) => ({ id, hash: own })),
  }
}

function agreedText(style: Style, { peer, alias, trustPolicy, capabilities, agreed }: AgreedPeer): string {
  const head = facts(style, [
    ['imported', `${style.name(alias)} under ${trustPolicy}`],
    ['did', peer],
    ['fingerprint', style.bold(fingerprint(peer))],
    ['named by', channelsText(agreed)],
  ])
  const refs = capabilities.map((ref) => `  ${style.name(ref)}`)
  return [head, 'Pinned, and called as far as rules permit it:', ...refs].join('\n')
}

function importText(style: Style, { peer, alias, trustPolicy, capabilities }: ImportedPeer, pins: Pins): string {
  const head = facts(style, [
    ['imported', `${style.name(alias)} under ${trustPolicy}`],
    ['did', peer],
    ['fingerprint', style.bold(pins.fingerprint)],
    ['endpoint', pins.endpoint ?? 'none'],
    ['log keys', pins.logKeys.join('\n             ')],
    ['manifest', `${pins.seq}, ${pins.manifest}`],
  ])
  const hashes = new Map(pins.capabilities.map(({ id, hash }) => [id, hash]))
  const lines = capabilities.map(
    (ref) => `  ${style.name(ref)}  ${style.dim(hashes.get(ref.slice(alias.length + 1)) ?? '')}`,
  )
  const callable =
    capabilities.length === 0 ? 'It offers nothing that could be called.' : ['Callable now:', ...lines].join('\n')
  return `${head}\n${callable}`
}
