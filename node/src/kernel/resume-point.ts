/**
 * What a kernel remembered of its calls at a checkpoint of its log, so that the next start reads only what came after.
 * Under a key of the kernel, because it stands for entries that are then not looked at: what somebody else wrote, or
 * another version, is as good as nothing, and the whole log is read.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { decodeBase64url } from '@hansa/trust'
import type { VerifiedPrefix } from '@hansa/trust/ledger'
import type { ProjectionsState } from './projections.ts'

/** Rises with every change of what a projection keeps. */
const FORMAT = 5

export type ResumePoint = {
  prefix: VerifiedPrefix
  state: ProjectionsState
}

/** @param key 32 bytes */
export function sealResumePoint(point: ResumePoint, key: Uint8Array): string {
  const body = JSON.stringify({ format: FORMAT, ...point })
  return `${macOf(body, key).toString('base64url')}\n${body}`
}

/** @returns undefined unless this kernel sealed it, in this format. */
export function openResumePoint(text: string, key: Uint8Array): ResumePoint | undefined {
  const end = text.indexOf('\n')
  const mac = decodeBase64url(text.slice(0, Math.max(0, end)))
  const body = text.slice(end + 1)
  const expected = macOf(body, key)
  if (mac?.length !== expected.length || !timingSafeEqual(mac, expected)) return undefined
  const { format, ...point } = JSON.parse(body) as ResumePoint & { format: number }
  return format === FORMAT ? point : undefined
}

function macOf(body: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(body).digest()
}
