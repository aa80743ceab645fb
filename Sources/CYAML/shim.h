#ifndef DPDEPLOY_CYAML_SHIM_H
#define DPDEPLOY_CYAML_SHIM_H
#include <yaml.h>
#endif
