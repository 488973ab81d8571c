//% if options.azure
//! Azure Blob Storage.

use ::object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::settings::StorageSettings;
use super::remote::{self, Problems};
use super::{Backend, StorageError};

/// Opens the container of the settings, without asking whether it is there.
pub(super) fn open(settings: &StorageSettings) -> Result<Backend, StorageError> {
    let mut problems = Problems::default();
    let container = problems.need("AZURE_STORAGE_CONTAINER", settings.azure_container.as_ref());
    let connection = match (&settings.azure_connection_string, &settings.azure_account) {
        (Some(text), _) => {
            let connection = Connection::parse(text.expose_secret());
            connection.unwrap_or_else(|problem| {
                problems.note(format!("AZURE_STORAGE_CONNECTION_STRING: {problem}"));
                Connection::default()
            })
        }
        (None, Some(account)) => Connection {
            account: account.clone(),
            ..Connection::default()
        },
        (None, None) => {
            problems.note("AZURE_STORAGE_CONNECTION_STRING: set it, or AZURE_STORAGE_ACCOUNT");
            Connection::default()
        }
    };
    problems.finish()?;
    let own = settings.azure_blob_endpoint.as_deref();
    let endpoint = own.or(connection.endpoint.as_deref());
    let builder = match (&connection.key, &connection.sas) {
        (Some(key), _) => MicrosoftAzureBuilder::new().with_access_key(key.expose_secret()),
        (None, Some(sas)) => {
            MicrosoftAzureBuilder::new().with_config(AzureConfigKey::SasKey, sas.expose_secret())
        }
        // A service principal, a workload identity or a managed one.
        (None, None) => MicrosoftAzureBuilder::from_env(),
    };
    let mut builder = builder
        .with_account(&connection.account)
        .with_container_name(&container)
        .with_client_options(remote::client(settings, endpoint))
        .with_retry(remote::retry(settings));
    let mut public = format!("https://{}.blob.core.windows.net", connection.account);
    if let Some(endpoint) = endpoint {
        public = endpoint.trim_end_matches('/').to_owned();
        builder = builder.with_endpoint(public.clone());
    }
    let store = builder.build().map_err(StorageError::Store)?;
    let public = Url::parse(&format!("{public}/{container}")).ok();
    Ok(remote::backend("azure", store, public))
}

/// What a connection string says.
#[derive(Default)]
pub(super) struct Connection {
    account: String,
    key: Option<SecretString>,
    sas: Option<SecretString>,
    endpoint: Option<String>,
}

impl Connection {
    /// Reads `Name=value;Name=value`. What is wrong is told without showing it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut connection = Self::default();
        let (mut scheme, mut suffix) = ("https", "core.windows.net");
        for field in text.split(';').filter(|field| !field.trim().is_empty()) {
            let pair = field.split_once('=');
            let (name, value) = pair.ok_or("must be `Name=value;Name=value`")?;
            match name.trim().to_ascii_lowercase().as_str() {
                "accountname" => connection.account = value.to_owned(),
                "accountkey" => connection.key = Some(value.to_owned().into()),
                "sharedaccesssignature" => connection.sas = Some(value.to_owned().into()),
                "blobendpoint" => connection.endpoint = Some(value.to_owned()),
                "endpointsuffix" => suffix = value,
                "defaultendpointsprotocol" => scheme = value,
                "usedevelopmentstorage" => {
                    return Err("must name the account, the key and the endpoint of the emulator");
                }
                _ => {}
            }
        }
        if connection.key.is_none() && connection.sas.is_none() {
            return Err("must have `AccountKey` or `SharedAccessSignature`");
        }
        if connection.account.is_empty() {
            let endpoint = connection.endpoint.as_deref().unwrap_or_default();
            let host = endpoint.split("://").nth(1).unwrap_or_default();
            let account = host.split_once('.').ok_or("must have `AccountName`")?;
            connection.account = account.0.to_owned();
        }
        if connection.endpoint.is_none() {
            let account = &connection.account;
            connection.endpoint = Some(format!("{scheme}://{account}.blob.{suffix}"));
        }
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_names_account_and_endpoint() {
        let endpoint = |text: &str| {
            let connection = Connection::parse(text).unwrap();
            (connection.account, connection.endpoint.unwrap())
        };
        let shop = |url: &str| ("shop".to_owned(), url.to_owned());
        assert_eq!(
            endpoint("AccountName=shop;AccountKey=a2V5==;EndpointSuffix=core.example"),
            shop("https://shop.blob.core.example")
        );
        assert_eq!(
            endpoint("AccountName=shop;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/shop;"),
            shop("http://127.0.0.1:1/shop")
        );
        assert_eq!(
            endpoint("BlobEndpoint=https://shop.blob.example;SharedAccessSignature=sv=1&sig=a"),
            shop("https://shop.blob.example")
        );
    }

    #[test]
    fn a_wrong_one_is_refused_without_showing_it() {
        for text in [
            "hunter2",
            "AccountName=shop",
            "AccountKey=hunter2",
            "UseDevelopmentStorage=true;hunter2=",
        ] {
            let problem = Connection::parse(text).err().unwrap();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
//% endif
