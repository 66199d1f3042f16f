//! The connection to an engine. An engine may be broken, overloaded, or not one at all: no answer is believed to come, to end, or to be
//! what it should be. bollard reads answers whole, and its streams keep what is not a whole line or frame yet, both without a limit;
//! so every answer passes here first, and what bollard gets has the limits that `limits` lists.

mod address;
mod again;
mod complaints;
mod cutter;
mod exchange;
mod head;
mod limits;
mod line;
mod relay;
mod terms;
mod weight;
mod wrong;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bollard::BollardRequest;
use bollard::errors::Error;
use hyper::Response;
use hyper::body::Incoming;
use tokio::sync::Semaphore;

use super::Endpoint;

pub use again::Again;
pub(super) use complaints::Complaints;
pub(super) use limits::Patience;
pub(super) use wrong::Wrong;

use address::Address;

/// bollard's own time limit, in seconds: ours are shorter.
pub(super) const NEVER: u64 = 10 * 365 * 24 * 3600;

/// An answer on its way.
type Answering = Pin<Box<dyn Future<Output = Result<Response<Incoming>, Error>> + Send>>;

/// What bollard hands its requests to, so that answers have limits, and what requests say that they are for. What goes wrong in the middle
/// of a stream, which bollard gives no reason for, is in `complaints`. What only looks is asked again when what is wrong may pass, once
/// the engine has `answered` anything at all.
///
/// # Errors
/// The address or its certificates can't be used.
pub(super) fn transport(
    endpoint: &Endpoint,
    patience: Patience,
    complaints: &Complaints,
    answered: bool,
) -> Result<(impl Fn(BollardRequest) -> Answering + Send + Sync + use<>, String), Error> {
    let address = Arc::new(Address::of(endpoint)?);
    let base = address.base();
    let complaints = complaints.clone();
    let places = Arc::new(Semaphore::new(limits::AT_ONCE));
    let answered = Arc::new(AtomicBool::new(answered));
    let transport = move |request: BollardRequest| {
        let terms = terms::of(&request, patience);
        let (address, complaints) = (address.clone(), complaints.clone());
        let (places, answered) = (places.clone(), answered.clone());
        let answering = async move {
            let once_more = again::repeatable(&request);
            let mut again = Again::of(patience);
            let mut request = request;
            loop {
                let answer = exchange::exchange(&address, terms, request, &complaints, &places).await;
                let (Some(once_more), true) = (&once_more, again::may_pass(&answer)) else {
                    answered.store(true, Ordering::Relaxed);
                    return answer;
                };
                if !answered.load(Ordering::Relaxed) || !again.pause().await {
                    return answer;
                }
                tracing::debug!("retrying");
                request = once_more();
            }
        };
        Box::pin(answering) as Answering
    };
    Ok((transport, base))
}
