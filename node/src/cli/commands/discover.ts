import type { Discovery } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { collect } from '../options.ts'
import type { Print, Style } from '../print.ts'
import { counted, table } from '../table.ts'

type Options = { did?: string; registry?: string[]; capability?: string; tag?: string }

export function discoverCommand(cli: Cli): Command {
  return cli
    .command('discover', {
      summary: 'find kernels by URL, in a registry, or in the mesh',
      description:
        'Asks every URL and the registry at the same time, verifies what they answer, and shows what was found beside the reason for each source that failed. Without a URL it also looks among the manifests that this node holds of its mesh. Nothing is imported.',
      examples: [
        'hansa discover https://kernel.example',
        'hansa discover --capability harbour.berths',
        'hansa discover --registry https://registry.example --tag invoices',
        'hansa discover https://kernel.example:8443 --did did:key:z6Mk…',
        'hansa discover http://127.0.0.1:7401 --json | jq ".peers[].did"',
      ],
    })
    .argument('[url...]', 'base URLs of kernels, or URLs of manifests')
    .option('--did <did>', 'the only kernel that may answer; its certificate needs no certificate authority then')
    .option(
      '--registry <url>',
      'base URL of a registry; can be repeated (default: those of hansa.yaml when no URL is given)',
      collect,
    )
    .option('--capability <id>', 'only kernels that offer this capability')
    .option('--tag <tag>', 'only kernels with a capability of this tag or sensitivity')
    .action(
      cli.action<Options>(async ({ home, print, options, environment, args: [given] }) => {
        const { ask } = await import('../control-client.ts')
        const { configuredRegistries } = await import('../configured-registries.ts')
        const peerUrls = given as string[]
        const registryUrls =
          options.registry ?? (peerUrls.length === 0 ? await configuredRegistries(home, environment) : [])
        const { did, capability, tag } = options
        const discovery = await ask(home, 'discover', {
          peerUrls,
          ...(did !== undefined && { did }),
          ...(registryUrls.length > 0 && { registryUrls: [...registryUrls] }),
          ...(capability !== undefined && { capability }),
          ...(tag !== undefined && { tag }),
        })
        print.result(discovery, (style) => discoveryText(style, discovery))
        printSourceFaults(print, discovery)
        if (discovery.faults.length === 0) return exitCodes.ok
        return discovery.peers.length === 0 ? exitCodes.failed : exitCodes.incomplete
      }),
    )
}

function discoveryText(style: Style, { peers }: Discovery): string {
  if (peers.length === 0) return 'No kernel was found.'
  const rows = peers.map(({ did, by, signed: { manifest } }) => [
    manifest.name ?? '-',
    style.name(did),
    by.map((one) => (one === 'peer_url' ? 'url' : one)).join(', '),
    String(manifest.seq),
    manifest.endpoints[0]?.url ?? 'none',
    manifest.capabilities.map(({ id }) => id).join(', ') || '-',
  ])
  return table(style, ['name', 'did', 'found by', 'seq', 'endpoint', 'capabilities'], rows)
}

/** Each source that failed, and why. */
export function printSourceFaults(print: Print, { faults }: Discovery): void {
  if (faults.length === 0) return
  print.note((style) => {
    const lines = faults.map(({ source, code, reason }) => `  ${style.warn(source)}: ${reason} (${code})`)
    return [`${counted(faults.length, 'source')} did not answer with a valid manifest:`, ...lines].join('\n')
  })
}
