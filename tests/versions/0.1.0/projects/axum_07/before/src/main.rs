use axum::extract::Path;
use axum::routing::get;
use axum::Router;
use color_eyre::eyre::Result;
use tokio::net::TcpListener;

fn routes() -> Router {
    Router::new().route("/letters/:id", get(letter))
}

async fn letter(Path(id): Path<u32>) -> String {
    format!("Letter {id}")
}

#[tokio::main]
async fn main() -> Result<()> {
    color_eyre::install()?;
    let listener = TcpListener::bind("127.0.0.1:4000").await?;
    axum::serve(listener, routes()).await?;
    Ok(())
}
