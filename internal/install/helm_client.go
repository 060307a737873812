// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// helmManager is the field manager and user agent of Helm's writes. It is the one of the helm CLI,
// so that a user can go on with that without conflicts.
const helmManager = "helm"

func init() { kube.ManagedFieldsManager = helmManager }

// restClientGetter gives Helm access to the cluster, with istiod's namespace as default.
type restClientGetter struct {
	config    *rest.Config
	namespace string
}

func (r restClientGetter) ToRESTConfig() (*rest.Config, error) {
	config := rest.CopyConfig(r.config)
	config.UserAgent = helmManager + "/rerig"
	return config, nil
}

func (r restClientGetter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	config, err := r.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	return memory.NewMemCacheClient(client), nil
}

func (r restClientGetter) ToRESTMapper() (meta.RESTMapper, error) {
	client, err := r.ToDiscoveryClient()
	if err != nil {
		return nil, err
	}
	return restmapper.NewDeferredDiscoveryRESTMapper(client), nil
}

// RESTMapper returns a mapper of kinds to resources, as the API server of the configuration serves
// them. It asks the server on first use.
func RESTMapper(config *rest.Config) (meta.RESTMapper, error) {
	return restClientGetter{config: config}.ToRESTMapper()
}

func (r restClientGetter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	return clientcmd.NewDefaultClientConfig(*api.NewConfig(), &clientcmd.ConfigOverrides{Context: api.Context{Namespace: r.namespace}})
}

// actionConfig prepares Helm for a namespace. Releases are stored in Secrets there, as the helm CLI
// does.
func (i HelmInstaller) actionConfig(namespace string) (*action.Configuration, error) {
	c := action.NewConfiguration(action.ConfigurationSetLogger(discardLogs))
	if err := c.Init(restClientGetter{i.Config, namespace}, namespace, "secret"); err != nil {
		return nil, fmt.Errorf("prepare Helm: %w", err)
	}
	return c, nil
}
