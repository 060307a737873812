// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
		return nil, fmt.Errorf("no cluster: read kubeconfig: %w%s", err, others(rules, context))
	}
	// kubectl's own limits; the server's priority and fairness does the rest.
	config.QPS, config.Burst = 50, 300
	config.UserAgent = "rerig/" + Version
	config.WarningHandler = rest.NoWarnings{}
	return config, nil
}

// others names the contexts that there are, where the one that was asked for is not
// among them.
func others(rules *clientcmd.ClientConfigLoadingRules, context string) string {
	all, err := rules.Load()
	if err != nil || context == "" || all.Contexts[context] != nil {
		return ""
	}
	if len(all.Contexts) == 0 {
		return "; the kubeconfig has no contexts: name another file with --kubeconfig"
	}
	return "; there are: " + strings.Join(slices.Sorted(maps.Keys(all.Contexts)), ", ")
}

// plainClient speaks JSON to absolute paths.
func plainClient(config *rest.Config, client *http.Client) (rest.Interface, error) {
	plain := rest.CopyConfig(config)
	plain.GroupVersion = &schema.GroupVersion{}
	plain.APIPath = "/"
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"}) // a Status, which says what went wrong
	plain.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	return rest.RESTClientForConfigAndClient(plain, client)
}
