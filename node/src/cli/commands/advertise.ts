import type { SignedManifest } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Style } from '../print.ts'
import { facts, table, time } from '../table.ts'

export function advertiseCommand(cli: Cli): Command {
  return cli
    .command('advertise', {
      summary: 'show the signed manifest of this node',
      description:
        'Shows the manifest that this node serves at /.well-known/hansa/manifest. With --jws as it travels: whoever has it can verify it, and it names the key of the log.',
      examples: ['hansa advertise', 'hansa advertise --jws > orgb.manifest'],
    })
    .option('--jws', 'print the signed manifest itself')
    .action(
      cli.action<{ jws?: boolean }>(async ({ home, print, options }) => {
        const { ask } = await import('../control-client.ts')
        const signed = await ask(home, 'advertise', {})
        print.result(signed, (style) => (options.jws === true ? signed.jws : manifestText(style, signed)))
        return undefined
      }),
    )
}

function manifestText(style: Style, { manifest, hash }: SignedManifest): string {
  const { kernel_id: did, name, seq, exp, endpoints, logs, capabilities } = manifest
  const head = facts(style, [
    ['did', style.name(did)],
    ['name', name],
    ['seq', String(seq)],
    ['until', time(exp)],
    ['hash', hash],
    ['endpoints', endpoints.map(({ url }) => url).join(', ') || 'none: other kernels cannot reach it'],
    ['log keys', logs.map(({ vkey }) => vkey).join('\n            ')],
  ])
  if (capabilities.length === 0) return `${head}\n\nIt offers nothing yet.`
  const rows = capabilities.map(({ id, ver, safety, sensitivity, hash: own }) => [
    style.name(id),
    ver,
    safety,
    sensitivity.join(',') || '-',
    own,
  ])
  return `${head}\n\n${table(style, ['capability', 'version', 'safety', 'sensitivity', 'hash'], rows)}`
}
