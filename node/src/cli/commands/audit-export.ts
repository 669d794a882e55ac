import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type AuditExportHeader, type Did, isDid } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { failed, usage } from '../errors.ts'
import { integer } from '../options.ts'
import { counted, facts, time } from '../table.ts'

type Options = { peer: string; since?: number; out?: string }

export function auditExportCommand(cli: Cli): Command {
  return cli
    .command('export', {
      summary: 'write what concerns one peer into a file that it can verify',
      description:
        'Writes every entry that concerns one peer, each with its proof under the last signed checkpoint, and nothing about anybody else but hashes. Entries are exact: they name own principals and rules. The peer checks it with: hansa verify FILE ITS-OWN-LOG. Works with the node running or not.',
      examples: [
        'hansa audit export --peer orga --out for-orga.hansa-audit',
        'hansa audit export --peer did:key:z6Mk… --since 120000 --out for-orga.hansa-audit',
      ],
    })
    .requiredOption('--peer <peer>', 'alias or DID; with a node that does not run the DID')
    .option('--since <seq>', 'first entry that is looked at (default: 0)', integer('--since', 0, 1e12))
    .option('--out <file>', 'where it goes; it must not exist (default: hansa-audit-PEER.jsonl)')
    .action(
      cli.action<Options>(async ({ home, print, stderr, options }) => {
        const { exportEntries, fileLogDisk, noteKey, verifyCheckpoint } = await import('@hansa/trust/ledger')
        const { openHome } = await import('../../home/home.ts')
        const { readHomeLogs } = await import('../../home/home-logs.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const { progress } = await import('../progress.ts')
        const { paths, keys } = await openHome(home)
        const { peer, manifest } = await ofNode(home, options.peer)
        const { origin } = await readHomeLogs(paths, keys.signer.did)
        const file = resolve(options.out ?? `hansa-audit-${peer.slice(-8)}.jsonl`)
        const line = await progress(print, stderr, 'Reading the log')
        const { vkey } = noteKey(origin, keys.logSeed)
        let header: AuditExportHeader | undefined
        let entries = -2
        try {
          const lines = exportEntries(fileLogDisk(paths.log), {
            kernel: keys.signer.did,
            peer,
            vkey,
            now: systemClock.now(),
            ...(options.since !== undefined && { from: options.since }),
            ...(manifest !== undefined && { manifest }),
            progress: (read, all) => line.show(`Reading the log: ${Math.floor((100 * read) / all)} %`),
          })
          const text = async function* () {
            for await (const one of lines) {
              header ??= JSON.parse(one) as AuditExportHeader
              entries++
              yield `${one}\n`
            }
          }
          await written(file, text())
        } finally {
          line.stop()
        }
        const verdict = verifyCheckpoint(header?.checkpoint ?? '', vkey)
        const through = { ...(verdict.ok && { logEntries: verdict.checkpoint.size }), throughMs: header?.through_ms }
        const result = { file, kernel: keys.signer.did, peer, entries, ...through, manifest: manifest !== undefined }
        print.result(result, (style) => {
          const summary = facts(style, [
            ['exported', `${counted(entries, 'entry', 'entries')} that concern ${peer}`],
            ['covers', coverage(result)],
            ['file', style.name(file)],
          ])
          const key = result.manifest ? keys.signer.did : '@MANIFEST'
          return `${summary}\nThe peer checks it with: hansa verify FILE ITS-HOME --key ${key}`
        })
        return undefined
      }),
    )
}

/** What happened since the last checkpoint is in no export until the next one, a second later on a node that runs. */
function coverage({ logEntries = 0, throughMs = 0 }: { logEntries?: number; throughMs?: number | undefined }): string {
  return `the log up to its checkpoint of ${counted(logEntries, 'entry', 'entries')}, ${time(Math.floor(throughMs / 1000))}`
}

/** What a running node knows; without one a DID has to be given, and the export names no manifest. */
async function ofNode(home: string, who: string): Promise<{ peer: Did; manifest?: string }> {
  const { controlClient, ControlClientError } = await import('../control-client.ts')
  try {
    await using client = await controlClient(home)
    const known = await client.call('knownPeers', {})
    const found = known.find(({ did, alias, imports }) => [did, alias, ...imports].includes(who))
    const peer = found?.did ?? (isDid(who) ? who : undefined)
    if (peer === undefined) throw failed(`No peer is known as ${who}. See whom there is with: hansa peer list`)
    return { peer, manifest: (await client.call('advertise', {})).jws }
  } catch (error) {
    if (!(error instanceof ControlClientError) || error.detail.code !== 'node_not_running') throw error
    if (isDid(who)) return { peer: who }
    throw usage('The node does not run, so an alias says nothing: give the DID of the peer.')
  }
}

/** All of it or nothing. */
async function written(file: string, text: AsyncIterable<string>): Promise<void> {
  const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 })
  try {
    await pipeline(Readable.from(text), stream)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw usage(`${file} exists already. Choose another file with --out.`)
    }
    await rm(file, { force: true })
    throw error
  }
}
