/** A call whose notes are heard: `POST /control/v1/invoke/stream` with the parameters of `invoke`. */
import { z } from 'zod'
import { refusedBySchema } from '../errors/refused-by.ts'
import { callNoteSchema } from '../exchange/call-note.ts'
import { frameSchema } from '../kernel/frame.ts'

/** Body of an error answer of the control interface. */
export const controlErrorSchema = z.object({
  error: z.object({
    code: z.string().max(64).describe('One of the closed list of codes; a later version may know more'),
    message: z.string().max(65_536).describe('For people'),
    denialId: z.string().max(64).optional().describe('Names the refusal in the log of the kernel that refused'),
    callId: z.string().max(64).optional(),
    stage: z.string().max(64).optional().describe('Where in the life of a call it was refused'),
    approvalId: z.string().max(64).optional().describe('The approval to wait for, with approval_required'),
    refusedBy: refusedBySchema.optional().describe('The other kernel, where it has signed that it refused the call'),
    frame: frameSchema.optional().describe('What the capability says of its failure'),
  }),
})
export type ControlError = z.infer<typeof controlErrorSchema>

/** Lines of JSON; a `frame` or an `error` is the last one. */
export const callLineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('note'), note: callNoteSchema }).describe('What the call says before it ends'),
  z.object({ type: z.literal('frame'), frame: frameSchema }),
  z.object({ type: z.literal('error'), ...controlErrorSchema.shape }),
  z.object({ type: z.literal('ping') }).describe('Every 15 seconds'),
])
export type CallLine = z.infer<typeof callLineSchema>
