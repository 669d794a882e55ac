/** The two things without which a registry cannot start: its address and its database. Both are tried, and both faults told. */
import type { Server } from 'node:http'
import type { Clock } from '@hansa/protocols'
import { openDatabase, storeMigrations } from '@hansa/storage'
import type { RegistryConfig } from './config/config.ts'
import { cannotStart } from './errors.ts'
import { drain, listen } from './http/listen.ts'
import { logKey, openLog } from './log/open-log.ts'
import { registryLog } from './log/registry-log.ts'
import { recordMigrations } from './records/record-migrations.ts'
import type { RecordTables } from './records/sql-record-store.ts'

/** @returns the URL that was taken, the database and the log in it. @throws RegistryError `registry_cannot_start` */
export async function listenAndOpen(server: Server, config: RegistryConfig, clock: Clock) {
  const [listening, opening] = await Promise.allSettled([listen(server, config.host, config.port), openRecords(config)])
  if (listening.status === 'rejected' || opening.status === 'rejected') {
    await drain(server, clock, 0)
    if (opening.status === 'fulfilled') await opening.value.database.close()
    const reasons = [listening, opening].filter((part) => part.status === 'rejected').map(({ reason }) => reason)
    throw cannotStart(reasons.map(messageOf), { cause: reasons[0] })
  }
  return { url: listening.value, ...opening.value }
}

async function openRecords({ database: url, logKeyFile, logOrigin }: RegistryConfig) {
  const database = await openDatabase<RecordTables>(url)
  try {
    await database.migrate(storeMigrations)
    await database.migrate(recordMigrations)
    const key = await logKey({
      database: url,
      ...(logKeyFile !== undefined && { keyFile: logKeyFile }),
      ...(logOrigin !== undefined && { origin: logOrigin }),
    })
    await openLog(database, key)
    return { database, log: registryLog(database, key) }
  } catch (error) {
    await database.close()
    throw error
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
