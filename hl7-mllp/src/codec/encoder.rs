//! Writes blocks.

use bytes::BytesMut;
use tokio_util::codec::Encoder;

use super::MllpCodec;
use crate::{Block, Commit, FrameError, FrameErrorKind};

impl Encoder<Block> for MllpCodec {
    type Error = FrameError;

    /// Writes one block with its envelope.
    ///
    /// # Errors
    ///
    /// [`FrameErrorKind::InvalidContent`], and nothing is written: the content holds a byte of the
    /// [`envelope`](MllpCodec::envelope) (VT or FS); or it is one byte that a release 2 peer would
    /// take for a commit acknowledgment (only with [`release2`](MllpCodec::release2)); or the block
    /// is [`Block::Skipped`].
    fn encode(&mut self, block: Block, dst: &mut BytesMut) -> Result<(), FrameError> {
        let commit;
        let content: &[u8] = match &block {
            Block::Content(content) if self.release2 && Commit::from_content(content).is_some() => {
                return Err(FrameErrorKind::InvalidContent.into());
            }
            Block::Content(content) if self.envelope.can_hold(content) => content,
            Block::Content(_) | Block::Skipped(_) => {
                return Err(FrameErrorKind::InvalidContent.into());
            }
            Block::Commit(answer) => {
                commit = [answer.as_byte()];
                &commit
            }
        };
        let trailer = self.envelope.trailer();
        dst.reserve(content.len() + 1 + trailer.len());
        dst.extend_from_slice(&[self.envelope.start()]);
        dst.extend_from_slice(content);
        dst.extend_from_slice(&trailer);
        Ok(())
    }
}
