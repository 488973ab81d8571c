//! Programs of the generated package as running processes.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Output, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

/// The lines of an output as they come, so that waiting for one has an end.
pub fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let lines = BufReader::new(output).lines();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        lines
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    receiver
}

/// What a program has said when it ends by itself, which must not take longer than this.
#[track_caller]
pub fn run(mut command: Command, patience: Duration) -> Output {
    let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
    let (sender, output) = mpsc::channel();
    thread::spawn(move || sender.send(child.unwrap().wait_with_output().unwrap()));
    output.recv_timeout(patience).expect("the program ends")
}
