import { webLocation } from '@hansa/trust'
import type { Command } from 'commander'
import { hostAndPort } from '../../host-and-port.ts'
import type { IdentityPlace } from '../../identity/first-identity.ts'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'
import { fingerprint } from '../fingerprint.ts'
import { isHost } from '../host-name.ts'
import { collect } from '../options.ts'
import { facts } from '../table.ts'

type Options = {
  name?: string
  listen?: string
  tlsHost?: string
  allowPrivate?: string[]
  registry?: string
  did?: string
  domain?: string
}

export function initCommand(cli: Cli): Command {
  return cli
    .command('init', {
      summary: 'make a node: keys, configuration, policy',
      description:
        'Makes the home of a node: its keys, readable by its owner only, a configuration with every key explained, and a policy that permits nothing yet.',
      examples: [
        'hansa init',
        'hansa init --home ./orgb --name orgb --listen 127.0.0.1:7401 --registry https://registry.example',
        'hansa init --listen 0.0.0.0:8443 --tls-host kernel.orga.example',
        'hansa init --did webvh --domain kernel.orga.example --tls-host kernel.orga.example --listen 0.0.0.0:443',
      ],
    })
    .option('--name <name>', 'for people; becomes the default alias at importers')
    .option('--listen <host:port>', 'where other kernels reach it (default: 127.0.0.1:7400)')
    .option('--tls-host <name>', 'serve https, with a new certificate for this DNS name or address')
    .option(
      '--allow-private <range>',
      'addresses besides public ones that it may reach, such as 10.0.0.0/8; can be repeated',
      collect,
    )
    .option('--registry <url>', 'registry where it lists itself')
    .option(
      '--did <method>',
      'key: the identity is its key, for good; webvh: it has a log, and its key can change (default: key)',
    )
    .option('--domain <host[:port][/path]>', 'with --did webvh: where the log of the identity is published, over https')
    .action(
      cli.action<Options>(async ({ home, print, environment, options }) => {
        const { name, listen, tlsHost, allowPrivate, registry } = options
        if (tlsHost !== undefined && !isHost(tlsHost))
          throw usage(`--tls-host: "${tlsHost}" is neither a DNS name nor an address.`)
        const webvh = placeOf(options)
        const { makeHome } = await import('../make-home.ts')
        const { configTemplate } = await import('../home-template.ts')
        const { parseConfig } = await import('../../config/index.ts')
        const config = configTemplate({
          ...(name !== undefined && { name }),
          ...(listen !== undefined && { listen }),
          ...(tlsHost !== undefined && { tls: true, ...publicUrlOf(tlsHost, listen) }),
          ...(allowPrivate !== undefined && { allowPrivate }),
          ...(registry !== undefined && { registryUrl: registry }),
        })
        const checked = parseConfig(config, `${home}/hansa.yaml`, 'hansa.yaml')
        if (!checked.ok)
          throw usage(checked.faults.map(({ key, reason }) => `--${optionOf(key)}: ${reason}.`).join('\n'))
        const made = await makeHome(home, config, webvh === undefined ? {} : { webvh })
        const certificate = tlsHost === undefined ? undefined : await makeCertificate(home, tlsHost)
        print.result(
          { ...made, fingerprint: fingerprint(made.did), ...(certificate !== undefined && { certificate }) },
          (style) => {
            const flag = home === environment.home ? '' : ` --home ${home}`
            const summary = facts(style, [
              ['did', style.name(made.did)],
              ['fingerprint', `${style.bold(fingerprint(made.did))}, to read to partners`],
              ['home', made.home],
              ['configuration', made.config],
              ['policy', `${made.policy} (permits nothing yet)`],
              ...(certificate === undefined ? [] : [['certificate', certificate] as const]),
            ])
            const next = [
              `hansa up${flag}                  run the node`,
              `hansa status${flag}              see it, in another terminal`,
              `hansa capability add${flag}      offer something`,
              `hansa peer add DID URL${flag}    join another kernel, whose operator reads its fingerprint to you`,
            ]
            return `${summary}\n\nNext:\n${next.map((line) => `  ${line}`).join('\n')}`
          },
        )
        return undefined
      }),
    )
}

/** @throws CliError `usage` for a method that is none, and for a place that no identity has. */
function placeOf({ did = 'key', domain }: Options): IdentityPlace | undefined {
  if (did !== 'key' && did !== 'webvh') throw usage(`--did: "${did}" is neither key nor webvh.`)
  if (did === 'key') {
    if (domain !== undefined) throw usage('--domain is where a did:webvh is published. Add --did webvh.')
    return undefined
  }
  if (domain === undefined) throw usage('A did:webvh is published somewhere. Add --domain kernel.example.')
  const [authority = '', ...path] = domain.split('/')
  const location = webLocation(`did:web:${[authority.replace(':', '%3A'), ...path].join(':')}`)
  if (location === undefined)
    throw usage(`--domain: "${domain}" is not a DNS name in lower case with a port and a path of plain segments.`)
  const { host, port } = location
  return { host, path, ...(port === undefined ? {} : { port }) }
}

/** Where others reach it: under the name of the certificate, at the port that it listens on. */
function publicUrlOf(host: string, listen = '127.0.0.1:7400'): { publicUrl?: string } {
  const port = /:(\d+)$/.exec(listen)?.[1] ?? '0'
  const publicUrl = `https://${hostAndPort(host, port)}`
  return port === '0' ? {} : { publicUrl }
}

async function makeCertificate(home: string, host: string): Promise<string> {
  const certificates = await import('../make-certificate.ts')
  return (await certificates.makeCertificate({ home, hosts: [host], days: 365 })).certificate
}

function optionOf(key: string): string {
  if (key === 'public_url') return 'tls-host'
  return key === 'registry.url' ? 'registry' : key
}
