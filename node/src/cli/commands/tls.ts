import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'
import { isHost } from '../host-name.ts'
import { collect } from '../options.ts'
import { facts } from '../table.ts'

type CreateOptions = { host?: string[]; days: string; replace?: boolean }

const DEFAULT_DAYS = '365'
const MAX_DAYS = 3_650

export function tlsCommand(cli: Cli): Command {
  return cli.group('tls', 'make and show the certificate of the node', [createCommand(cli), showCommand(cli)])
}

function createCommand(cli: Cli): Command {
  return cli
    .command('create', {
      summary: 'make a key and a certificate that signs itself',
      description:
        'Makes tls.crt and keys/tls.key. No certificate authority is needed: partners accept the key because the manifest names it, which the identity of the node signs. With --replace a running node changes to the new pair and drops no connection.',
      examples: ['hansa tls create --host kernel.orga.example', 'hansa tls create --host 10.0.0.5 --replace'],
    })
    .option('--host <name>', 'DNS name or address under which the node is reached; can be repeated', collect)
    .option('--days <n>', `how long it is valid, 1 to ${MAX_DAYS}`, DEFAULT_DAYS)
    .option('--replace', 'take the place of the pair that is there')
    .action(
      cli.action<CreateOptions>(async ({ home, print, options }) => {
        const { makeCertificate } = await import('../make-certificate.ts')
        const { host: hosts = [], replace = false } = options
        const days = Number(options.days)
        if (hosts.length === 0) throw usage('Say under which name or address the node is reached: --host NAME.')
        for (const host of hosts) if (!isHost(host)) throw usage(`"${host}" is neither a DNS name nor an address.`)
        if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS)
          throw usage(`--days is a number from 1 to ${MAX_DAYS}, not "${options.days}".`)
        const made = await makeCertificate({ home, hosts, days, replace })
        print.result(made, (style) => {
          const summary = facts(style, [
            ['certificate', made.certificate],
            ['key', `${made.key} (for you alone)`],
            ['for', hosts.join(', ')],
            ['until', new Date(made.validToMs).toISOString().slice(0, 10)],
            ['spki', made.spki],
          ])
          if (replace) return `${summary}\n\nA running node takes it within seconds, or at once with SIGHUP.`
          const lines = ['tls:', '  certificate: tls.crt', '  key: keys/tls.key']
          return `${summary}\n\nServe with it, in hansa.yaml:\n${lines.map((line) => `  ${line}`).join('\n')}`
        })
        return undefined
      }),
    )
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show the certificate that is configured',
      description:
        'Reads the pair of `tls` in hansa.yaml, checks that it belongs together, and shows its key and names.',
      examples: ['hansa tls show', 'hansa tls show --json | jq -r .spki'],
    })
    .action(
      cli.action(async ({ home, print, environment }) => {
        const { configuredCertificate } = await import('../configured-certificate.ts')
        const shown = await configuredCertificate(home, environment)
        print.result(shown, (style) =>
          facts(style, [
            ['certificate', shown.certificate],
            ['for', shown.names],
            ['until', shown.until],
            ['spki', shown.spki],
            ...shown.warnings.map((warning): [string, string] => ['warning', style.warn(warning)]),
          ]),
        )
        return undefined
      }),
    )
}
