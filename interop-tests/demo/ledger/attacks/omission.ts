import { type Attack, middleCall, withoutCall } from '../attack.ts'

export const omission: Attack = {
  name: 'omission',
  title: 'leaves a call out that it served',
  why: 'It acted for the other side and would rather not have: every entry of that call is gone.',
  plan: (entries) => {
    const callId = middleCall(entries, ({ type }) => type === 'intent.accepted')
    return { callId, edit: (entry) => withoutCall(entry, callId) }
  },
}
