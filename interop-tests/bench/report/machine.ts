import { statfs } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'

export type Machine = { cores: number; cpu: string; node: string; platform: string; filesystem: string }

/** `f_type` of statfs(2) for what a log may lie on; a log in memory would make every sync free. */
const FILESYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  801189825: 'zfs',
  2035054128: 'overlayfs',
  16914836: 'tmpfs',
  26985: 'nfs',
  19920823: '9p',
}

/** @param directory where the logs of this run lie. */
export async function describeMachine(directory: string): Promise<Machine> {
  const { type } = await statfs(directory)
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    filesystem: FILESYSTEMS[type] ?? `0x${type.toString(16)}`,
  }
}
