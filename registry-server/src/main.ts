/** The command `hansa-registry`: options and environment in, a running registry until it is told to stop. */
import { parseLocation } from '@hansa/storage'
import { Command } from 'commander'
import { startRegistry } from './compose.ts'
import { defaultConfig, readConfig } from './config/config.ts'
import { environmentNames, type RegistrySettings, readEnvironment } from './config/env.ts'
import { cannotStart, RegistryError } from './errors.ts'
import { stderrLogger } from './logger.ts'

type Options = RegistrySettings & { json?: boolean }

const { host, port, database, ttlSeconds, deadAfterSeconds } = defaultConfig

const command = new Command('hansa-registry')
  .description('Serves a directory of signed capability manifests over HTTP.')
  .option('--listen <host:port>', `address to listen on; port 0 takes a free one (default: ${host}:${port})`)
  .option('--database <url>', `sqlite:PATH, memory: or postgres://… (default: ${database})`)
  .option('--ttl <seconds>', `how long a listing lasts without a heartbeat (default: ${ttlSeconds})`)
  .option(
    '--dead-after <seconds>',
    `how long an unreachable kernel is waited for before it counts as dead (default: ${deadAfterSeconds})`,
  )
  .option('--log-key <file>', 'key that signs the log; made when it is not there (default: beside a SQLite file)')
  .option('--log-origin <name>', 'name of the log in its checkpoints (default: made of the key)')
  .option('--replicate-from <urls>', 'registries whose listings are taken over, verified again (default: none)')
  .option(
    '--allow-private <ranges>',
    'addresses besides public ones that may be asked, such as 127.0.0.1 or 10.0.0.0/8 (default: none)',
  )
  .option(
    '--trust-proxy <ranges>',
    'proxies in front, whose X-Forwarded-For says for which address a request counts (default: none)',
  )
  .option('--pin <did=key>', 'key of a did:web kernel, which cannot be listed without (default: none)')
  .option('--json', 'print one line of JSON with the URL when it is ready')
  .addHelpText('after', `\nThe environment sets what no option does: ${Object.values(environmentNames).join(', ')}.`)
  .action(run)

async function run({ json = false, ...given }: Options): Promise<void> {
  try {
    await serve({ ...readEnvironment(), ...given }, json)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}

async function serve(settings: RegistrySettings, json: boolean): Promise<void> {
  const reading = readConfig(settings)
  if (!reading.ok) throw cannotStart(reading.faults)
  const { config } = reading
  const registry = await startRegistry(config, { logger: stderrLogger() })

  const stop = () => void registry.close().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  // Whoever started it with a channel ends it by going away, however that happens.
  process.once('disconnect', stop)

  const place = parseLocation(config.database).display
  const line = json
    ? JSON.stringify({ url: registry.url, database: place })
    : `Registry ready at ${registry.url}. Records are in ${place}; a listing lasts ${config.ttlSeconds} s without a heartbeat.`
  process.stdout.write(`${line}\n`)
}

await command.parseAsync()
