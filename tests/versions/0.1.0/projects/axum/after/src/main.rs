use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = corner_shop::router();

    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    let infra = corner_shop::infra::Infra::start().await?;
    let app = infra.wire(app);
    axum::serve(listener, app)
        .with_graceful_shutdown(async {
            tokio::signal::ctrl_c().await.ok();
        })
        .await?;
    infra.shutdown().await;
    Ok(())
}
