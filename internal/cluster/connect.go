// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// Version is the tool's own version, which the API server's audit log sees.
var Version = "dev"

// Connect finds the cluster as kubectl does: an explicit file, else KUBECONFIG,
// else ~/.kube/config, else the pod's own service account; and the named
// context, else the current one. It sends nothing yet.
func Connect(kubeconfig, context string) (*Cluster, error) {
	config, err := configuration(kubeconfig, context)
	if err != nil {
		return nil, err
	}
	// What client-go logs by itself would run through the live view; every error
	// in it comes back as an error as well.
	klog.SetLogger(logr.Discard())
	return New(config)
}

func configuration(kubeconfig, context string) (*rest.Config, error) {
	if kubeconfig != "" {
		if _, err := os.Stat(kubeconfig); err != nil {
			return nil, fmt.Errorf("no cluster: read kubeconfig: %w; name another one with --kubeconfig", err)
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: context}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err) || errors.Is(err, rest.ErrNotInCluster):
		return nil, errors.New("no cluster: no kubeconfig was found; set KUBECONFIG, or name a file with --kubeconfig")
	case err != nil:
		return nil, fmt.Errorf("no cluster: read kubeconfig: %w", err)
	}
	// kubectl's own limits; the server's priority and fairness does the rest.
	config.QPS, config.Burst = 50, 300
	config.UserAgent = "rerig/" + Version
	config.WarningHandler = rest.NoWarnings{}
	return config, nil
}

// plainClient speaks JSON to absolute paths.
func plainClient(config *rest.Config, client *http.Client) (rest.Interface, error) {
	plain := rest.CopyConfig(config)
	plain.GroupVersion = &schema.GroupVersion{}
	plain.APIPath = "/"
	plain.NegotiatedSerializer = serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion()
	return rest.RESTClientForConfigAndClient(plain, client)
}
