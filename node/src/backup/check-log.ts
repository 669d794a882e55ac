/** Verifies the logs in an unpacked backup: each of them, their links, and that the last one ends where the backup says. */
import { join } from 'node:path'
import type { BackupManifest } from '@hansa/protocols'
import { fileLogDisk, verifyHistory } from '@hansa/trust/ledger'
import { frozenNumbers } from '../home/home-logs.ts'
import { invalid } from './errors.ts'

/** @param log directory of the log. @throws BackupError `backup_invalid` */
export async function checkLog(
  file: string,
  log: string,
  { checkpoint, vkey }: NonNullable<BackupManifest['log']>,
): Promise<void> {
  const numbers = await frozenNumbers(join(log, 'frozen'))
  const frozen = numbers.map((number) => ({ disk: fileLogDisk(join(log, 'frozen', String(number))) }))
  const report = await verifyHistory(fileLogDisk(log), { vkey, remembered: checkpoint, frozen })
  const fault = [report, ...(report.frozen ?? [])].flatMap(({ faults }) => faults)[0]
  if (fault !== undefined) throw invalid(file, `its log does not verify: ${fault.text}`)
  const { origin, size, root } = report
  if (origin !== checkpoint.origin || size !== checkpoint.size || root !== checkpoint.root)
    throw invalid(file, `its log is not the one of ${checkpoint.size} entries that it says`)
}
