import { sha256, taggedHash } from '@hansa/trust'

export type ApprovalAction = { principal: string; capability: string; capHash: string; args: Uint8Array }

/** What an approval is bound to: principal, capability, descriptor and argument bytes. */
export function actionHash({ principal, capability, capHash, args }: ApprovalAction): string {
  return taggedHash('action', Buffer.concat([Buffer.from(`${principal}\n${capability}\n${capHash}\n`), sha256(args)]))
}
